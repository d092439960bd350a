"""Container logs in S3, where Airflow reads them."""

import json
from typing import Any

import pytest
from deployed import REPORT, Deployed, FunctionFailed, batch_job, ecs_task

PREFIX = "airflow/dag_id=d/run_id=r/task_id={}/attempt=1.log"


def target(name: str) -> dict[str, str]:
    return {"kind": "s3", "bucket": "jetbridge-example-logs", "key_prefix": PREFIX.format(name)}


def copied(deployed: Deployed, name: str) -> list[dict[str, Any]]:
    s3 = deployed.client("s3")

    def objects() -> list[str]:
        answer = s3.list_objects_v2(Bucket="jetbridge-example-logs", Prefix=PREFIX.format(name))
        return [each["Key"] for each in answer.get("Contents", [])]

    [key] = deployed.wait(objects, 30, "log object")
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
