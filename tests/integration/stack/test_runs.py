"""Whole runs through the deployed stack: from the start request to the sealed outcome."""

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from deployed import REPORT, Deployed, FunctionFailed, batch_job, ecs_task

RESULT = {"date": "2026-11-23", "rows": 500}


def test_ecs_task_succeeds(deployed: Deployed) -> None:
    outcome = deployed.outcome(
        deployed.start(run_task=ecs_task("jetbridge-example-report", **REPORT))
    )
    assert outcome["state"] == "succeeded"
    assert outcome["exit_codes"] == {"report": 0}
    assert outcome["result"] == RESULT
    assert outcome["definition"].endswith("task-definition/jetbridge-example-report:1")
    [stream] = outcome["log_streams"]
    assert stream["stream"] == f"ecs/report/{outcome['backend_id'].rsplit('/', 1)[-1]}"
    assert outcome["last_lines"][-2] == "2026-11-23: line 5 of 5"


def test_batch_job_succeeds(deployed: Deployed) -> None:
    outcome = deployed.outcome(
        deployed.start(submit_job=batch_job("jetbridge-example-report", **REPORT))
    )
    assert outcome["state"] == "succeeded"
    assert outcome["exit_codes"] == {"default": 0}
    assert outcome["result"] == RESULT
    assert outcome["job_queue"] == "jetbridge-example"
    assert outcome["log_streams"][0]["group"] == "/aws/batch/job"


def test_failing_job_tells_why(deployed: Deployed) -> None:
    outcome = deployed.outcome(deployed.start(submit_job=batch_job("jetbridge-example-broken")))
    assert outcome["state"] == "failed"
    assert outcome["cause"] == "application_exit"
    assert outcome["exit_codes"] == {"default": 7}
    assert outcome["last_lines"] == ["connecting to the warehouse", "error: no such table: sales"]


def test_same_request_at_once_is_one_task(deployed: Deployed) -> None:
    key = str(uuid.uuid4())
    request = {
        "run_task": ecs_task("jetbridge-example-report", **REPORT),
        "idempotency_key": key,
    }
    with ThreadPoolExecutor(8) as threads:
        run_ids = set(threads.map(lambda _: deployed.start(**request), range(8)))
    [run_id] = run_ids
    deployed.outcome(run_id)
    started = [
        task
        for status in ("RUNNING", "STOPPED")
        for task in deployed.client("ecs").list_tasks(
            cluster="jetbridge-example",
            startedBy=deployed.launch_name(run_id),
            desiredStatus=status,
        )["taskArns"]
    ]
    assert len(started) == 1


def test_missing_image_is_an_outcome(deployed: Deployed) -> None:
    family = deployed.task_definition("jetbridge-example-noimage", "test/nowhere:1")
    outcome = deployed.outcome(deployed.start(run_task=ecs_task(family)))
    assert outcome["state"] == "failed"
    assert outcome["cause"] in ("image_not_found", "image_pull")
    assert "CannotPullContainerError" in outcome["reason"]
    assert "exit_codes" not in outcome


@pytest.mark.parametrize(
    "request_",
    [
        {"run_task": ecs_task("jetbridge-example-unknown")},
        {"run_task": ecs_task("jetbridge-example-report") | {"cluster": "nowhere"}},
        {"run_task": ecs_task("jetbridge-example-report") | {"launchType": "MOON"}},
        {"submit_job": batch_job("jetbridge-example-unknown")},
        {"submit_job": batch_job("jetbridge-example-report") | {"jobQueue": "nowhere"}},
    ],
    ids=["definition", "cluster", "parameter", "job definition", "queue"],
)
def test_refused_launch_is_an_outcome(deployed: Deployed, request_: dict[str, object]) -> None:
    outcome = deployed.outcome(deployed.start(**request_))
    assert outcome["state"] == "failed"
    assert outcome["cause"] == "misconfiguration"
    assert outcome["fault"] == "configuration"
    assert outcome["reason"]
    assert "backend_id" not in outcome


def test_bad_request_is_refused_before_anything_is_written(deployed: Deployed) -> None:
    with pytest.raises(FunctionFailed, match=r"run_task\.startedBy") as refusal:
        deployed.start(run_task=ecs_task("jetbridge-example-report") | {"startedBy": "me"})
    assert refusal.value.kind == "ContractError"


def test_end_is_announced_on_the_event_bus(deployed: Deployed) -> None:
    queue = deployed.client("sqs").create_queue(QueueName=f"announced-{uuid.uuid4().hex[:8]}")
    arn = deployed.client("sqs").get_queue_attributes(
        QueueUrl=queue["QueueUrl"], AttributeNames=["QueueArn"]
    )["Attributes"]["QueueArn"]
    events = deployed.client("events")
    pattern = '{"source": ["jetbridge"], "detail-type": ["Jetbridge Run Finished"]}'
    events.put_rule(Name="announced", EventPattern=pattern)
    events.put_targets(Rule="announced", Targets=[{"Id": "queue", "Arn": arn}])
    try:
        run_id = deployed.start(submit_job=batch_job("jetbridge-example-broken"))

        def announced() -> bool:
            answer = deployed.client("sqs").receive_message(
                QueueUrl=queue["QueueUrl"], MaxNumberOfMessages=10
            )
            return any(run_id in message["Body"] for message in answer.get("Messages", []))

        deployed.wait(announced, 30, "announcement")
    finally:
        events.remove_targets(Rule="announced", Ids=["queue"])
        events.delete_rule(Name="announced")
