"""CloudWatch Logs: pages of FilterLogEvents and GetLogEvents."""

import time

import pytest
from botocore.exceptions import ClientError
from probe_aws import Aws

GROUP = "/contract/pages"


@pytest.fixture(scope="module")
def written(aws: Aws) -> list[str]:
    logs = aws.client("logs")
    logs.create_log_group(logGroupName=GROUP)
    now = int(time.time() * 1000)
    for stream in ("a", "b"):
        logs.create_log_stream(logGroupName=GROUP, logStreamName=stream)
        logs.put_log_events(
            logGroupName=GROUP,
            logStreamName=stream,
            logEvents=[
                {"timestamp": now + n, "message": f"{stream} {n} {'odd' if n % 2 else 'even'}"}
                for n in range(20)
            ],
        )
    return [f"{stream} {n} {'odd' if n % 2 else 'even'}" for n in range(20) for stream in "ab"]


def test_filtering_goes_on_by_token(aws: Aws, written: list[str]) -> None:
    logs = aws.client("logs")
    pages = list(
        logs.get_paginator("filter_log_events").paginate(
            logGroupName=GROUP, PaginationConfig={"PageSize": 7}
        )
    )
    assert [len(page["events"]) for page in pages] == [7, 7, 7, 7, 7, 5]
    assert [event["message"] for page in pages for event in page["events"]] == written


def test_filtering_by_stream_pattern_and_limit(aws: Aws, written: list[str]) -> None:
    logs = aws.client("logs")
    request = {"logGroupName": GROUP, "logStreamNames": ["b"], "filterPattern": "odd", "limit": 6}
    first = logs.filter_log_events(**request)
    second = logs.filter_log_events(**request, nextToken=first["nextToken"])
    messages = [event["message"] for page in (first, second) for event in page["events"]]
    assert messages == [line for line in written if line.startswith("b") and "odd" in line]
    assert "nextToken" not in second


def test_a_made_up_token_is_refused(aws: Aws, written: list[str]) -> None:
    with pytest.raises(ClientError) as raised:
        aws.client("logs").filter_log_events(logGroupName=GROUP, nextToken="made up")
    assert raised.value.response["Error"]["Code"] == "InvalidParameterException"


def test_reading_a_stream_ends_when_the_token_repeats(aws: Aws, written: list[str]) -> None:
    logs = aws.client("logs")
    request = {"logGroupName": GROUP, "logStreamName": "a", "startFromHead": True, "limit": 6}
    messages: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = logs.get_log_events(**request, **token)
        messages += [event["message"] for event in page["events"]]
        if page["nextForwardToken"] == token.get("nextToken"):
            break
        token = {"nextToken": page["nextForwardToken"]}
    assert messages == [line for line in written if line.startswith("a")]
