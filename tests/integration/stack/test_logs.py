"""Container logs in S3, where Airflow reads them."""

import json
from datetime import datetime
from typing import Any

import pytest
from deployed import AIRFLOW_GROUP, REPORT, Deployed, FunctionFailed, batch_job, ecs_task

PREFIX = "airflow/dag_id=d/run_id=r/task_id={}/attempt=1.log"


def target(name: str) -> dict[str, str]:
    return {"kind": "s3", "bucket": "jetbridge-example-logs", "key_prefix": PREFIX.format(name)}


def copied(deployed: Deployed, name: str) -> list[dict[str, Any]]:
    s3 = deployed.client("s3")

    def objects() -> list[str]:
        answer = s3.list_objects_v2(Bucket="jetbridge-example-logs", Prefix=PREFIX.format(name))
        return [each["Key"] for each in answer.get("Contents", [])]

    [key] = deployed.wait(objects, 240, "log object")
    body = s3.get_object(Bucket="jetbridge-example-logs", Key=key)["Body"].read().decode()
    return [json.loads(line) for line in body.splitlines()]


@pytest.mark.parametrize(
    ("name", "request_"),
    [
        ("ecs", {"run_task": ecs_task("jetbridge-example-report", **REPORT)}),
        ("batch", {"submit_job": batch_job("jetbridge-example-report", **REPORT)}),
    ],
)
def test_every_line_is_copied_with_its_own_time(
    deployed: Deployed, name: str, request_: dict[str, object]
) -> None:
    outcome = deployed.outcome(deployed.start(**request_, log_target=target(name)))
    lines = copied(deployed, name)
    assert [line["event"] for line in lines] == outcome["last_lines"]
    assert len(lines) == 7
    assert {line["logger"] for line in lines} == {
        f"container.{'report' if name == 'ecs' else 'default'}"
    }
    for line in lines:
        assert outcome["started_at"] <= line["timestamp"] <= outcome["stopped_at"]


def test_container_without_awslogs_is_named(deployed: Deployed) -> None:
    family = deployed.task_definition(
        "jetbridge-example-silent",
        "jetbridge-example/broken:1",
        logConfiguration={"logDriver": "awsfirelens", "options": {}},
    )
    deployed.outcome(deployed.start(run_task=ecs_task(family), log_target=target("silent")))
    [line] = copied(deployed, "silent")
    assert "main" in line["event"]
    assert "awsfirelens" in line["event"]


def test_lines_arrive_in_the_stream_that_airflow_reads(deployed: Deployed) -> None:
    stream = PREFIX.format("mwaa").removeprefix("airflow/")
    place = {"kind": "cloudwatch", "group": AIRFLOW_GROUP, "stream": stream}
    run = ecs_task("jetbridge-example-report", **REPORT)
    outcome = deployed.outcome(deployed.start(run_task=run, log_target=place))
    logs = deployed.client("logs")

    def written() -> list[dict[str, Any]]:
        streams = logs.describe_log_streams(logGroupName=AIRFLOW_GROUP, logStreamNamePrefix=stream)[
            "logStreams"
        ]
        if not streams:
            return []
        events: list[dict[str, Any]] = logs.get_log_events(
            logGroupName=AIRFLOW_GROUP, logStreamName=stream, startFromHead=True
        )["events"]
        return events

    events = deployed.wait(written, 240, "events")
    lines = [json.loads(event["message"]) for event in events]
    assert [line["event"] for line in lines] == outcome["last_lines"]
    for event, line in zip(events, lines, strict=True):
        moment = datetime.fromisoformat(line["timestamp"]).timestamp()
        assert event["timestamp"] == round(moment * 1000), "the container's own time"


def test_children_of_an_array_job_are_shown(deployed: Deployed) -> None:
    """Thirteen children, of which the first ten are shown, and the rest is counted."""
    job = batch_job("jetbridge-example-report", **REPORT) | {"arrayProperties": {"size": 13}}
    deployed.outcome(deployed.start(submit_job=job, log_target=target("array")), 240)
    s3 = deployed.client("s3")

    def objects() -> list[str] | None:
        found = s3.list_objects_v2(Bucket="jetbridge-example-logs", Prefix=PREFIX.format("array"))
        keys = [each["Key"] for each in found.get("Contents", [])]
        return keys if len(keys) == 11 else None

    keys = deployed.wait(objects, 240, "objects of ten children and a note")
    names = [key.partition(".log.jetbridge.1.")[2] for key in keys]
    assert names == [*(f"child-{n:04}.default.1.log" for n in range(10)), "notes.log"]
    bodies = [
        s3.get_object(Bucket="jetbridge-example-logs", Key=key)["Body"].read() for key in keys
    ]
    assert [len(body.splitlines()) for body in bodies] == [7] * 10 + [1]
    assert b"13 children" in bodies[-1]
    assert b"container.default.child-0009" in bodies[9]


@pytest.mark.parametrize(
    "elsewhere",
    [{"bucket": "somebody-elses"}, {"key_prefix": "secrets/attempt=1.log"}],
)
def test_logs_go_nowhere_else(deployed: Deployed, elsewhere: dict[str, str]) -> None:
    with pytest.raises(FunctionFailed, match=r"log_target\."):
        deployed.start(
            run_task=ecs_task("jetbridge-example-report", **REPORT),
            log_target=target("elsewhere") | elsewhere,
        )
