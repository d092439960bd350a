"""Who acts as Airflow, and rarer calls of the functions, have the rights that they need."""

import json
import time
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError
from deployed import EVENTS, REPORT, Deployed, batch_job, ecs_task

from jetbridge_local.airflow_user import NAME as AIRFLOW

TAGS = {"team": "reports"}


def test_airflow_starts_and_reads_by_its_own_policy(deployed: Deployed) -> None:
    airflow = deployed.client("dynamodb", AIRFLOW)
    caller = json.loads((EVENTS.parent / "start_run" / "airflow_ecs.json").read_text())["caller"]
    request = {
        "caller": caller | {"run_id": uuid.uuid4().hex},
        "run_task": ecs_task("jetbridge-example-report", **REPORT),
    }
    run_id = deployed.invoke("start-run", request, "airflow", AIRFLOW)["run_id"]
    deployed.outcome(run_id)
    table = deployed.outputs["OutcomesTableName"]
    found = airflow.batch_get_item(RequestItems={table: {"Keys": [{"run_id": {"S": run_id}}]}})
    [item] = found["Responses"][table]
    feed = airflow.query(
        TableName=table,
        IndexName="finished",
        KeyConditionExpression="feed = :feed AND finished_at > :since",
        ExpressionAttributeValues={
            ":feed": item["feed"],
            ":since": {"N": str(int(time.time() - 600))},
        },
    )
    assert run_id in {each["run_id"]["S"] for each in feed["Items"]}


@pytest.mark.parametrize("alias", ["$LATEST", "person", "schedule", "event"])
def test_airflow_speaks_as_nobody_else(deployed: Deployed, alias: str) -> None:
    with pytest.raises(ClientError, match="not authorized to perform: lambda:InvokeFunction"):
        deployed.invoke("start-run", {}, alias, AIRFLOW)


def test_tags_reach_tasks_and_jobs(deployed: Deployed) -> None:
    """They need ecs:TagResource and batch:TagResource."""
    listed = [{"key": key, "value": value} for key, value in TAGS.items()]
    task: dict[str, Any] = ecs_task("jetbridge-example-report", **REPORT) | {"tags": listed}
    job = batch_job("jetbridge-example-report", **REPORT) | {"tags": TAGS}
    for run_id in (deployed.start(run_task=task), deployed.start(submit_job=job)):
        assert deployed.outcome(run_id)["state"] == "succeeded"


def test_the_audit_looks_at_all_clusters_and_queues(deployed: Deployed) -> None:
    deployed.invoke("sweep-runs", {"audit": True})


@pytest.mark.parametrize(
    ("queue", "dead_letters"),
    [
        ("LaunchQueue", "LaunchDeadLetters"),
        ("StateChangeQueue", "StateChangeDeadLetters"),
        ("FinishQueue", "FinishDeadLetters"),
        ("LogsQueue", "LogsDeadLetters"),
        ("StopQueue", "StopDeadLetters"),
        ("NotifyQueue", "NotifyDeadLetters"),
    ],
)
def test_what_can_never_succeed_is_given_up(
    deployed: Deployed, queue: str, dead_letters: str
) -> None:
    body = json.dumps({"nonsense": uuid.uuid4().hex})
    deployed.client("sqs").send_message(QueueUrl=_url(deployed, queue), MessageBody=body)
    _wait_dead(deployed, dead_letters, body)


@pytest.mark.parametrize(
    ("function", "dead_letters"),
    [("start-run", "StartFailures"), ("relay-logs", "RelayFailures")],
)
def test_a_failed_invocation_is_given_up(
    deployed: Deployed, function: str, dead_letters: str
) -> None:
    mark = uuid.uuid4().hex
    deployed.client("lambda").invoke(
        FunctionName=f"jetbridge-{function}",
        InvocationType="Event",
        Payload=json.dumps({"awslogs": {"data": mark}}),
    )
    _wait_dead(deployed, dead_letters, mark)


def _url(deployed: Deployed, queue: str) -> str:
    formation = deployed.client("cloudformation")
    found = formation.describe_stack_resource(StackName="jetbridge", LogicalResourceId=queue)
    return str(found["StackResourceDetail"]["PhysicalResourceId"])


def _wait_dead(deployed: Deployed, queue: str, text: str) -> None:
    """Until a dead letter has the text; it is deleted."""
    sqs, url = deployed.client("sqs"), _url(deployed, queue)

    def found() -> bool:
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=1)
        for message in answer.get("Messages", ()):
            if text in message["Body"]:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                return True
        return False

    deployed.wait(found, 240, f"{text} in {queue}")
