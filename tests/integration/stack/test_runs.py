"""Whole runs through the deployed stack: from the start request to the sealed outcome."""

import json
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from deployed import REPORT, Deployed, FunctionFailed, batch_job, ecs_task

ADMIN = "arn:aws:iam::000000000000:role/admin"
REPORT_TASK = ecs_task("jetbridge-example-report")
REPORT_JOB = batch_job("jetbridge-example-report")
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


def test_the_outcome_of_a_failing_job_says_why(deployed: Deployed) -> None:
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


# Only AWS knows whether a definition of an allowed family exists.
@pytest.mark.parametrize(
    "request_",
    [
        {"run_task": ecs_task("jetbridge-example-unknown")},
        {"submit_job": batch_job("jetbridge-example-unknown")},
    ],
    ids=["task definition", "job definition"],
)
def test_refused_launch_is_an_outcome(deployed: Deployed, request_: dict[str, object]) -> None:
    outcome = deployed.outcome(deployed.start(**request_))
    assert outcome["state"] == "failed"
    assert outcome["cause"] == "misconfiguration"
    assert outcome["fault"] == "configuration"
    assert outcome["reason"]
    assert "backend_id" not in outcome


@pytest.mark.parametrize(
    ("request_", "named"),
    [
        ({"run_task": REPORT_TASK | {"startedBy": "me"}}, "run_task.startedBy"),
        ({"run_task": REPORT_TASK | {"launchType": "MOON"}}, "run_task.launchType"),
        ({"run_task": REPORT_TASK | {"cluster": "nowhere"}}, "run_task.cluster"),
        ({"run_task": REPORT_TASK | {"taskDefinition": "other"}}, "run_task.taskDefinition"),
        (
            {"run_task": REPORT_TASK | {"overrides": {"taskRoleArn": ADMIN}}},
            "run_task.overrides.taskRoleArn",
        ),
        ({"submit_job": REPORT_JOB | {"jobQueue": "nowhere"}}, "submit_job.jobQueue"),
        ({"submit_job": REPORT_JOB | {"jobDefinition": "other"}}, "submit_job.jobDefinition"),
        ({"submit_job": REPORT_JOB | {"jobname": "x"}}, "submit_job.jobname"),
    ],
)
def test_bad_request_is_refused_before_anything_is_written(
    deployed: Deployed, request_: dict[str, object], named: str
) -> None:
    key = str(uuid.uuid4())
    with pytest.raises(FunctionFailed, match=named.replace(".", r"\.")) as refusal:
        deployed.start(**request_, idempotency_key=key)
    assert refusal.value.kind == "ContractError"
    assert deployed.requested_with(key) == []


def test_end_is_announced_on_the_event_bus(deployed: Deployed) -> None:
    queue = deployed.client("sqs").create_queue(QueueName=f"announced-{uuid.uuid4().hex[:8]}")
    arn = deployed.client("sqs").get_queue_attributes(
        QueueUrl=queue["QueueUrl"], AttributeNames=["QueueArn"]
    )["Attributes"]["QueueArn"]
    deployed.let_rules_send(queue["QueueUrl"], arn)
    events = deployed.client("events")
    pattern = (
        '{"source": ["jetbridge"], "detail-type": ["Jetbridge Run Finished"],'
        ' "detail": {"stack": ["jetbridge"]}}'
    )
    events.put_rule(Name="announced", EventPattern=pattern)
    events.put_targets(Rule="announced", Targets=[{"Id": "queue", "Arn": arn}])
    try:
        run_id = deployed.start(submit_job=batch_job("jetbridge-example-broken"))

        def announced() -> bool:
            answer = deployed.client("sqs").receive_message(
                QueueUrl=queue["QueueUrl"], MaxNumberOfMessages=10
            )
            return any(run_id in message["Body"] for message in answer.get("Messages", []))

        deployed.wait(announced, 240, "announcement")
    finally:
        events.remove_targets(Rule="announced", Ids=["queue"])
        events.delete_rule(Name="announced")


def test_large_environment_goes_to_s3(deployed: Deployed) -> None:
    family = deployed.task_definition("jetbridge-example-environment", "test/sleeper:1")
    large = {"name": "LARGE", "value": "x" * 9000}
    script = 'echo "$JETBRIDGE_ENVIRONMENT_S3"; echo "LARGE has ${#LARGE} characters"'
    overrides = {
        "containerOverrides": [
            {"name": "main", "command": ["sh", "-c", script], "environment": [large]}
        ]
    }
    task = ecs_task(family) | {"overrides": overrides}
    with pytest.raises(FunctionFailed, match="offload_environment"):
        deployed.start(run_task=task)
    outcome = deployed.outcome(deployed.start(run_task=task, offload_environment=True))
    assert outcome["state"] == "succeeded"
    place, size = outcome["last_lines"]
    assert size == "LARGE has 0 characters"
    bucket, _, key = place.removeprefix("s3://").partition("/")
    stored = deployed.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    assert json.loads(stored) == {"LARGE": large["value"]}


def test_launch_that_dies_of_spot_is_replaced_within_the_run(deployed: Deployed) -> None:
    family = deployed.task_definition("jetbridge-example-interrupted", "test/sleeper:1")
    run_id = deployed.start(run_task=ecs_task(family))
    deployed.wait_running(run_id)
    first = deployed.row(run_id)["backend_id"]["S"]
    deployed.interrupt(run_id, first)

    def replaced() -> str | None:
        other = deployed.row(run_id).get("backend_id", {}).get("S", first)
        return other if other != first else None

    second = deployed.wait(replaced, 240, "second launch")
    deployed.wait_running(run_id)
    ecs = deployed.client("ecs")
    described = ecs.describe_tasks(cluster="jetbridge-example", tasks=[second])["tasks"][0]
    assert described["startedBy"] == deployed.launch_name(run_id, launch=2)
    deployed.invoke("stop-run", {"run_ids": [run_id], "reason": "seen enough", "by": "tester"})
    outcome = deployed.outcome(run_id)
    assert outcome["launches"] == 2
    assert [death["cause"] for death in outcome["deaths"]] == ["spot_interruption"]
    assert outcome["deaths"][0]["backend_id"] == first
    assert (outcome["state"], outcome["stopped_by"]) == ("stopped", "tester")
    ecs.stop_task(cluster="jetbridge-example", task=first)
