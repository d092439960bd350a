"""The feed's benchmark: its server is AWS to boto3, and its figures are what was used."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from benchmarks.feed import _steady, table
from benchmarks.feed.aws import REGION, TABLE, EndlessRuns
from benchmarks.feed.sides import OURS, STOCK, run_id
from benchmarks.feed.triggerer import Use


@pytest.fixture
def aws() -> Iterator[EndlessRuns]:
    with EndlessRuns() as aws:
        yield aws


def client(aws: EndlessRuns, service: str) -> Any:
    make: Any = boto3.client
    return make(
        service,
        endpoint_url=aws.url,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )


def query(aws: EndlessRuns, after: float) -> list[str]:
    answer = client(aws, "dynamodb").query(
        TableName=TABLE,
        IndexName="finished",
        KeyConditionExpression="feed = :feed AND finished_at > :after",
        ExpressionAttributeValues={":feed": {"S": "1"}, ":after": {"N": str(after)}},
    )
    return [item["run_id"]["S"] for item in answer["Items"]]


def test_runs_end_on_request(aws: EndlessRuns) -> None:
    keys = [{"run_id": {"S": run_id(index)}} for index in range(3)]
    request = {TABLE: {"Keys": keys}}
    assert query(aws, 0) == []
    assert client(aws, "dynamodb").batch_get_item(RequestItems=request)["Responses"][TABLE] == []
    aws.end([run_id(0), run_id(2)])
    found = client(aws, "dynamodb").batch_get_item(RequestItems=request)["Responses"][TABLE]
    assert [item["run_id"]["S"] for item in found] == query(aws, 0) == [run_id(0), run_id(2)]
    assert query(aws, 4e9) == []
    assert aws.calls == {"Query": 3, "BatchGetItem": 2}


def test_the_stock_triggers_task_runs_on(aws: EndlessRuns) -> None:
    arguments = STOCK.arguments(7)
    described = client(aws, "ecs").describe_tasks(
        cluster=arguments["cluster"], tasks=[arguments["task_arn"]]
    )
    (task,) = described["tasks"]
    assert (task["taskArn"], task["lastStatus"]) == (arguments["task_arn"], "RUNNING")
    read = client(aws, "logs").get_log_events(
        logGroupName=arguments["log_group"], logStreamName=arguments["log_stream"]
    )
    assert read["events"] == []
    assert aws.calls == {"DescribeTasks": 1, "GetLogEvents": 1}


def test_task_logs_can_be_stored(aws: EndlessRuns) -> None:
    s3 = client(aws, "s3")
    with pytest.raises(ClientError, match="404"):
        s3.head_object(Bucket="logs", Key="a/b")
    s3.put_object(Bucket="logs", Key="a/b", Body=b"line" * 1000)
    assert aws.calls == {"S3": 2}


def test_each_task_has_a_run_of_its_own() -> None:
    for side in (OURS, STOCK):
        assert len({str(sorted(side.arguments(n).items())) for n in range(100)}) == 100


def test_what_was_used_while_they_waited() -> None:
    idle, before = Use(0.0, 5.0, 200_000_000), Use(100.0, 20.0, 290_000_000)
    after = Use(130.0, 23.0, 500_000_000)
    assert _steady(idle, before, after, calls=45, size=300) == {
        "cpu_percent": 10.0,
        "rss_mb_per_task": 1.0,
        "calls_per_minute": 90,
    }


def test_the_table_has_every_figure_and_leaves_blank_what_was_not_measured() -> None:
    figures = {"ours_300_cpu_percent": 1.25, "stock_1000_calls_per_minute": 20000}
    shown = table(figures)
    cells = [list(column.cells) for column in shown.columns]
    assert cells[1][0] == "1.25"
    assert cells[4][1] == "20000"
    assert cells[2][0] == ""
