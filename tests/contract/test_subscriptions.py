"""Subscription filters: what a function gets from a log group, and who may have one."""

import base64
import gzip
import json
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError
from probe_aws import Aws


def _put(aws: Aws, group: str, stream: str, *lines: str) -> list[dict[str, Any]]:
    logs = aws.client("logs")
    logs.create_log_stream(logGroupName=group, logStreamName=stream)
    now = int(time.time() * 1000)
    events = [{"timestamp": now + n, "message": line} for n, line in enumerate(lines)]
    logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)
    return events


def _delivered(aws: Aws, stack: dict[str, str], stream: str) -> dict[str, Any]:
    """The events with which the function was invoked for a stream, from its success destination."""

    def of_stream(records: list[Any]) -> list[dict[str, Any]]:
        # Other tests leave messages of their own.
        payloads = [record["requestPayload"] for record in records if "requestPayload" in record]
        decoded = [_decoded(payload) for payload in payloads if "awslogs" in payload]
        return [each for each in decoded if each["logStream"] == stream]

    found: Callable[[list[Any]], bool] = lambda records: bool(of_stream(records))  # noqa: E731
    [message] = of_stream(aws.receive(stack["SuccessQueue"], found))
    return message


def _decoded(payload: dict[str, Any]) -> dict[str, Any]:
    assert list(payload) == ["awslogs"]
    assert list(payload["awslogs"]) == ["data"]
    message: dict[str, Any] = json.loads(
        gzip.decompress(base64.b64decode(payload["awslogs"]["data"]))
    )
    return message


def test_the_function_gets_the_lines_in_the_documented_shape(
    aws: Aws, stack: dict[str, str]
) -> None:
    stream = f"shape-{uuid4()}"
    events = _put(aws, stack["SubscribedLogGroup"], stream, "one", "two")
    message = _delivered(aws, stack, stream)
    ids = [event.pop("id") for event in message["logEvents"]]
    assert message == {
        "messageType": "DATA_MESSAGE",
        "owner": "000000000000",
        "logGroup": stack["SubscribedLogGroup"],
        "logStream": stream,
        "subscriptionFilters": [stack["LogSubscription"]],
        "logEvents": events,
    }
    assert all(len(each) == 56 and each.isdecimal() for each in ids)
    assert ids == sorted(set(ids))


def test_a_throttled_delivery_comes_later(aws: Aws, stack: dict[str, str]) -> None:
    functions = aws.client("lambda")
    functions.put_function_concurrency(FunctionName=stack["Echo"], ReservedConcurrentExecutions=0)
    try:
        stream = f"throttled-{uuid4()}"
        _put(aws, stack["SubscribedLogGroup"], stream, "kept")
        time.sleep(1)
    finally:
        functions.delete_function_concurrency(FunctionName=stack["Echo"])
    message = _delivered(aws, stack, stream)
    assert [event["message"] for event in message["logEvents"]] == ["kept"]


def _filter(aws: Aws, group: str, name: str, function: str) -> None:
    aws.client("logs").put_subscription_filter(
        logGroupName=group,
        filterName=name,
        filterPattern="",
        destinationArn=f"arn:aws:lambda:us-east-1:000000000000:function:{function}",
    )


def test_a_group_takes_two_filters(aws: Aws, stack: dict[str, str]) -> None:
    group = "/probe/two"
    aws.client("logs").create_log_group(logGroupName=group)
    for name in ("first", "second", "second"):
        _filter(aws, group, name, stack["Echo"])
    with pytest.raises(ClientError) as raised:
        _filter(aws, group, "third", stack["Echo"])
    assert raised.value.response["Error"]["Code"] == "LimitExceededException"


@pytest.mark.parametrize("elsewhere", ["/others", "no permission"])
def test_a_function_that_logs_may_not_invoke_is_refused(
    aws: Aws, stack: dict[str, str], elsewhere: str
) -> None:
    """Echo's policy allows log groups below /probe/; Worker's allows none."""
    group = elsewhere if elsewhere.startswith("/") else "/probe/refused"
    function = stack["Echo"] if elsewhere.startswith("/") else stack["Worker"]
    aws.client("logs").create_log_group(logGroupName=group)
    with pytest.raises(ClientError) as raised:
        _filter(aws, group, "refused", function)
    assert raised.value.response["Error"]["Code"] == "InvalidParameterException"
    described = aws.client("logs").describe_subscription_filters(logGroupName=group)
    assert described["subscriptionFilters"] == []


def test_cloudformation_makes_no_log_group_for_a_filter(aws: Aws, stack: dict[str, str]) -> None:
    arn = f"arn:aws:lambda:us-east-1:000000000000:function:{stack['Echo']}"
    template = {
        "Resources": {
            "Subscription": {
                "Type": "AWS::Logs::SubscriptionFilter",
                "Properties": {
                    "LogGroupName": "/probe/missing",
                    "FilterPattern": "",
                    "DestinationArn": arn,
                },
            }
        }
    }
    cloudformation = aws.client("cloudformation")
    cloudformation.create_stack(StackName="missing-group", TemplateBody=json.dumps(template))
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        [found] = cloudformation.describe_stacks(StackName="missing-group")["Stacks"]
        if not found["StackStatus"].endswith("_IN_PROGRESS"):
            break
        time.sleep(0.1)
    assert found["StackStatus"] in ("ROLLBACK_COMPLETE", "CREATE_FAILED")
    groups = aws.client("logs").describe_log_groups(logGroupNamePrefix="/probe/missing")
    assert groups["logGroups"] == []
