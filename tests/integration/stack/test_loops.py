"""The deployed stack under Lambda's guard against loops, which the local cloud has."""

import json
import uuid
from typing import Any

from deployed import REPORT, Deployed, ecs_task
from operating import Operator

from jetbridge_local.functions.lineage import MOST_INVOCATIONS, continued

DROPPED = "RecursiveInvocationsDropped"
ALLOWED = {"launch_run", "track_run", "stop_run", "copy_logs", "notify_airflow"}


def _chain(deployed: Deployed, name: str) -> str:
    """The trace header of a message that has come round as often as Lambda lets it."""
    found = deployed.client("lambda").get_function_configuration(FunctionName=name)
    header = ""
    for _ in range(MOST_INVOCATIONS):
        header = continued(header, found["FunctionArn"])
    return header


def _send_in_chain(operator: Operator, queue: str, body: dict[str, Any], header: str) -> None:
    operator.sqs.send_message(
        QueueUrl=operator.url(queue),
        MessageBody=json.dumps(body),
        MessageSystemAttributes={"AWSTraceHeader": {"DataType": "String", "StringValue": header}},
    )


def test_functions_on_circles_are_out_of_the_guard_and_no_others(deployed: Deployed) -> None:
    operator = Operator(deployed)
    client = deployed.client("lambda")
    allowed = {
        name
        for name, deployed_name in operator.deployed.functions.items()
        if client.get_function_recursion_config(FunctionName=deployed_name)["RecursiveLoop"]
        == "Allow"
    }
    assert allowed == ALLOWED


def test_a_launch_message_that_came_round_often_is_launched_only_since_it_may_loop(
    deployed: Deployed,
) -> None:
    """The run's own message comes, too; the one that is sent here has a long past."""
    operator = Operator(deployed)
    client = deployed.client("lambda")
    name = operator.deployed.functions["launch_run"]
    header = _chain(deployed, name)
    with operator.giving_up("LaunchQueue", 1, 2):
        client.put_function_recursion_config(FunctionName=name, RecursiveLoop="Terminate")
        try:
            before, dead = deployed.counted(DROPPED, name), operator.depth("LaunchDeadLetters")
            _send_in_chain(operator, "LaunchQueue", {"run_id": "nobody", "launch": 1}, header)
            operator.wait_depth("LaunchDeadLetters", dead + 1)
            assert deployed.counted(DROPPED, name) > before
        finally:
            client.put_function_recursion_config(FunctionName=name, RecursiveLoop="Allow")
        before = deployed.counted(DROPPED, name)
        run_id = deployed.start(
            idempotency_key=str(uuid.uuid4()),
            run_task=ecs_task("jetbridge-example-report", **REPORT),
        )
        _send_in_chain(operator, "LaunchQueue", {"run_id": run_id, "launch": 1}, header)
        assert deployed.outcome(run_id)["state"] == "succeeded"
        assert deployed.counted(DROPPED, name) == before
        assert operator.depth("LaunchDeadLetters") == dead + 1
    operator.sqs.purge_queue(QueueUrl=operator.url("LaunchDeadLetters"))


def test_what_a_function_sends_carries_the_chain(deployed: Deployed) -> None:
    """botocore of the layer adds the header to SendMessage, and SQS keeps it: what launch_run
    sends to the finish queue has come round once more."""
    operator = Operator(deployed)
    mapping = _mapping(deployed, "finish-run")
    client = deployed.client("lambda")
    client.update_event_source_mapping(UUID=mapping, Enabled=False)
    try:
        run_id = deployed.start(run_task=ecs_task("jetbridge-example-absent"))
        message = deployed.wait(lambda: _message_of(operator, run_id), 240, "the finish message")
        assert "Lineage=" in message["Attributes"]["AWSTraceHeader"]
    finally:
        client.update_event_source_mapping(UUID=mapping, Enabled=True)
    assert deployed.outcome(run_id)["state"] == "failed"


def _mapping(deployed: Deployed, function: str) -> str:
    found = deployed.client("lambda").list_event_source_mappings(
        FunctionName=f"jetbridge-{function}"
    )
    return str(found["EventSourceMappings"][0]["UUID"])


def _message_of(operator: Operator, run_id: str) -> dict[str, Any] | None:
    answer = operator.sqs.receive_message(
        QueueUrl=operator.url("FinishQueue"),
        MaxNumberOfMessages=10,
        VisibilityTimeout=1,
        MessageSystemAttributeNames=["AWSTraceHeader"],
    )
    found = [each for each in answer.get("Messages", []) if run_id in each["Body"]]
    return found[0] if found else None
