"""Runs that are ended from outside: stopped, timed out, or finished without any event."""

import time
from typing import Any

import pytest
from deployed import REPORT, Deployed, batch_job, ecs_task


@pytest.fixture(scope="module")
def sleeper(deployed: Deployed) -> str:
    return deployed.task_definition("jetbridge-example-sleeper", "test/sleeper:1")


@pytest.fixture(scope="module")
def sleeping_job(deployed: Deployed) -> str:
    name = "jetbridge-example-sleeper"
    deployed.client("batch").register_job_definition(
        jobDefinitionName=name,
        type="container",
        platformCapabilities=["FARGATE"],
        containerProperties={
            "image": "test/sleeper:1",
            "executionRoleArn": "arn:aws:iam::000000000000:role/jetbridge-example-execution",
            "resourceRequirements": [
                {"type": "VCPU", "value": "0.25"},
                {"type": "MEMORY", "value": "512"},
            ],
        },
    )
    return name


def wait_for_others_logs(deployed: Deployed) -> None:
    """Until nobody waits for a turn to read logs: an outcome with the lines that are read by then
    is sealed before it has waited long for its own."""

    def read() -> bool:
        attributes = [
            deployed.client("sqs").get_queue_attributes(
                QueueUrl=deployed.queue(queue), AttributeNames=["ApproximateNumberOfMessages"]
            )["Attributes"]
            for queue in ("FinishQueue", "LogsQueue")
        ]
        return not any(int(each["ApproximateNumberOfMessages"]) for each in attributes)

    deployed.wait(read, 180, "the end of the others' copies")


def test_stopped_task_ends_as_stopped(deployed: Deployed, sleeper: str) -> None:
    wait_for_others_logs(deployed)
    run_id = deployed.start(run_task=ecs_task(sleeper))
    deployed.wait_running(run_id)
    answer = deployed.invoke("stop-run", {"run_ids": [run_id, "unknown"], "reason": "not wanted"})
    assert answer["stopping"] == [run_id]
    assert answer["unknown"] == ["unknown"]
    outcome = deployed.outcome(run_id)
    assert (outcome["state"], outcome["cause"]) == ("stopped", "stopped_by_user")
    assert outcome["exit_codes"] == {"main": 143}
    assert outcome["last_lines"] == ["sleeping", "told to end"]
    again = deployed.invoke("stop-run", {"run_ids": [run_id], "reason": "not wanted"})
    assert again["already_ended"] == [run_id]


def test_jobs_are_stopped_with_one_call(deployed: Deployed, sleeping_job: str) -> None:
    run_ids = [deployed.start(submit_job=batch_job(sleeping_job)) for _ in range(3)]
    for run_id in run_ids:
        deployed.wait_running(run_id)
    began = time.time()
    answer = deployed.invoke("stop-run", {"run_ids": run_ids, "reason": "not wanted"})
    assert answer["stopping"] == run_ids
    for run_id in run_ids:
        outcome = deployed.outcome(run_id, timeout=240)
        assert (outcome["state"], outcome["cause"]) == ("stopped", "stopped_by_user")
    calls = [call["operation"] for call in deployed.cloud.calls(since=began)]
    assert calls.count("TerminateJobs") == 1
    assert "TerminateJob" not in calls


def test_timed_out_job_is_stopped_by_the_sweeper(deployed: Deployed, sleeper: str) -> None:
    run_id = deployed.start(run_task=ecs_task(sleeper), timeout_seconds=1)
    deployed.wait_running(run_id)

    def stopped() -> Any:
        deployed.invoke("sweep-runs", {})
        return deployed.sealed(run_id)

    outcome = deployed.wait(stopped, 240, "outcome")
    assert (outcome["state"], outcome["cause"]) == ("stopped", "timeout")


@pytest.mark.parametrize(
    "request_",
    [
        {"run_task": ecs_task("jetbridge-example-report", **REPORT)},
        {"submit_job": batch_job("jetbridge-example-broken")},
    ],
    ids=["ecs", "batch"],
)
def test_run_without_events_is_finished_by_the_sweeper(
    deployed: Deployed, without_events: None, request_: dict[str, object]
) -> None:
    run_id = deployed.start(**request_)
    deployed.wait(lambda: deployed.row(run_id).get("backend_id"), 240, f"launch of {run_id}")

    def swept() -> Any:
        deployed.make_due(run_id)
        deployed.invoke("sweep-runs", {})
        return deployed.sealed(run_id)

    outcome = deployed.wait(swept, 240, "outcome")
    assert outcome["state"] == ("succeeded" if "run_task" in request_ else "failed")
    assert outcome["exit_codes"]


def test_task_that_nobody_knows_any_more_is_lost(
    deployed: Deployed, without_events: None, sleeper: str
) -> None:
    run_id = deployed.start(run_task=ecs_task(sleeper))
    row = deployed.wait(
        lambda: (row := deployed.row(run_id)).get("backend_id") and row, 20, "launch"
    )
    arn = row["backend_id"]["S"]
    deployed.client("dynamodb").update_item(
        TableName=deployed.outputs["RunsTableName"],
        Key={"run_id": {"S": run_id}},
        UpdateExpression="SET backend_id = :other, last_attempt_at = :long_ago",
        ExpressionAttributeValues={":other": {"S": arn[:-4] + "dead"}, ":long_ago": {"N": "1"}},
    )
    deployed.make_due(run_id)
    deployed.invoke("sweep-runs", {})
    outcome = deployed.outcome(run_id)
    assert (outcome["state"], outcome["cause"]) == ("failed", "lost")
    deployed.client("ecs").stop_task(cluster="jetbridge-example", task=arn)
