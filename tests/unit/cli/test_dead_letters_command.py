"""``jetbridge dead-letters`` on a stack in moto."""

from datetime import UTC, datetime, timedelta

import pytest
from cli_stack import Bridge, client
from interception import deny

RUN = "mzxw6ytboi4dgmrtgq2t"
SECRET = "hunter2"
START = {
    "caller": {"kind": "person", "name": "me"},
    "idempotency_key": "k",
    "run_task": {
        "cluster": "c",
        "taskDefinition": "t",
        "overrides": {
            "containerOverrides": [
                {"name": "main", "environment": [{"name": "PASSWORD", "value": SECRET}]}
            ]
        },
    },
}
RECORD = {
    "requestContext": {"requestId": "7c1f", "condition": "RetriesExhausted"},
    "requestPayload": START,
    "responsePayload": {"errorType": "ContractError", "errorMessage": "run_task.cluster: no"},
}


def test_list_counts_and_names_where_they_came_from(bridge: Bridge) -> None:
    bridge.send("FinishDeadLetters", {"run_id": RUN}, {"run_id": RUN})
    queues = {each["queue"]: each for each in bridge.json("dead-letters", "list")}
    assert {name: each["destination"] for name, each in queues.items()} == {
        "FinishDeadLetters": "FinishQueue",
        "StartFailures": "StartRunFunction",
        "StateChangeDeadLetters": "StateChangeQueue",
        "UndeliveredStateChanges": "StateChangeQueue",
    }
    assert queues["FinishDeadLetters"]["messages"] == 2
    assert queues["StartFailures"]["messages"] == 0
    assert queues["StartFailures"]["oldest_seconds"] is None
    assert "FinishDeadLetters" in bridge.call("dead-letters", "list").stdout


def test_the_age_is_sqs_own_metric(bridge: Bridge) -> None:
    bridge.send("FinishDeadLetters", {"run_id": RUN})
    client("cloudwatch").put_metric_data(
        Namespace="AWS/SQS",
        MetricData=[
            {
                "MetricName": "ApproximateAgeOfOldestMessage",
                "Dimensions": [
                    {
                        "Name": "QueueName",
                        "Value": bridge.queues["FinishDeadLetters"].rsplit("/", 1)[-1],
                    }
                ],
                "Timestamp": datetime.now(UTC) - timedelta(minutes=2),
                "Value": 12_000.0,
            }
        ],
    )
    [listed] = [each for each in bridge.json("dead-letters", "list") if each["messages"]]
    assert (listed["oldest_seconds"], listed["oldest_exact"]) == (12_000.0, True)
    assert "3 h 20 min" in bridge.call("dead-letters", "list").stdout


def test_without_the_metric_the_age_is_a_lower_bound(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    bridge.send("FinishDeadLetters", {"run_id": RUN})
    deny(monkeypatch, "GetMetricData")
    [listed] = [each for each in bridge.json("dead-letters", "list") if each["messages"]]
    assert listed["oldest_exact"] is False
    assert 0 <= listed["oldest_seconds"] < 60
    assert bridge.bodies("FinishDeadLetters") == [{"run_id": RUN}], "it is visible again"


def test_show_lists_messages_with_their_runs_and_reasons(bridge: Bridge) -> None:
    bridge.send("FinishDeadLetters", {"run_id": RUN})
    bridge.send("StartFailures", RECORD)
    shown = {each["queue"]: each for each in bridge.json("dead-letters", "show")}
    assert shown["FinishDeadLetters"]["run_ids"] == [RUN]
    assert len(shown["StartFailures"]["run_ids"]) == 1, "that of the key"
    reason = "ContractError: run_task.cluster: no (RetriesExhausted)"
    assert shown["StartFailures"]["failure"] == reason
    assert RUN in bridge.call("dead-letters", "show").stdout


@pytest.mark.parametrize("output", ["table", "json"])
@pytest.mark.parametrize("whole", [True, False])
def test_no_environment_is_shown(bridge: Bridge, output: str, whole: bool) -> None:
    [message_id] = bridge.send("StartFailures", RECORD)
    result = bridge.call(
        "dead-letters", "show", *([message_id] if whole else []), "--output", output
    )
    assert result.exit_code == 0
    assert SECRET not in result.output
    assert ("PASSWORD" in result.output) is (whole or output == "json")


def test_show_names_the_log_that_has_more(bridge: Bridge) -> None:
    consume(bridge, "FinishQueue")
    [message_id] = bridge.send("FinishDeadLetters", {"run_id": RUN})
    result = bridge.call("dead-letters", "show", message_id)
    assert "--log-group-name /aws/lambda/bridge-start-run" in result.stdout
    assert f"""--filter-pattern '"{message_id}"'""" in result.stdout
    shown = bridge.json("dead-letters", "show", message_id)
    assert shown["log_group"] == "/aws/lambda/bridge-start-run"
    assert bridge.bodies("FinishDeadLetters") == [{"run_id": RUN}]


def test_a_message_is_found_by_the_id_that_its_functions_log_has(bridge: Bridge) -> None:
    first_id = {"DataType": "String", "StringValue": "in-the-log"}
    bridge.send(
        "FinishDeadLetters", "no json", MessageAttributes={"JETBRIDGE_MESSAGE_ID": first_id}
    )
    assert bridge.json("dead-letters", "show", "in-the-log")["body"] == "no json"


def test_the_log_of_a_failed_invocation_is_found_by_its_request_id(bridge: Bridge) -> None:
    [message_id] = bridge.send("StartFailures", RECORD)
    result = bridge.call("dead-letters", "show", message_id)
    assert "--log-group-name /aws/lambda/bridge-start-run" in result.stdout
    assert """--filter-pattern '"7c1f"'""" in result.stdout


def test_no_function_has_logged_what_was_not_delivered(bridge: Bridge) -> None:
    consume(bridge, "StateChangeQueue")
    code = {"DataType": "String", "StringValue": "NO_PERMISSIONS"}
    [message_id] = bridge.send(
        "UndeliveredStateChanges", {"detail": {}}, MessageAttributes={"ERROR_CODE": code}
    )
    result = bridge.call("dead-letters", "show", message_id)
    assert "NO_PERMISSIONS" in result.stdout
    assert "aws logs" not in result.stdout


def test_a_body_that_is_no_json_is_shown_as_it_is(bridge: Bridge) -> None:
    [message_id] = bridge.send("FinishDeadLetters", "[bold]poison[/bold]")
    assert "[bold]poison[/bold]" in bridge.call("dead-letters", "show", message_id).stdout


def test_drop_deletes_one_message_and_says_what_is_lost(bridge: Bridge) -> None:
    ids = bridge.send("FinishDeadLetters", *({"run_id": f"r{n}"} for n in range(25)))
    result = bridge.call("dead-letters", "drop", ids[17], "--yes")
    assert result.exit_code == 0
    assert "of run r17" in result.stdout
    assert "The sweeper queues the run's finish again" in result.stdout
    left = {body["run_id"] for body in bridge.bodies("FinishDeadLetters")}
    assert left == {f"r{n}" for n in range(25)} - {"r17"}


def test_drop_asks_first(bridge: Bridge) -> None:
    [message_id] = bridge.send("FinishDeadLetters", {"run_id": RUN})
    result = bridge.call("dead-letters", "drop", message_id)
    assert result.exit_code == 1
    assert "Lost: " in result.stderr
    assert bridge.bodies("FinishDeadLetters") == [{"run_id": RUN}]


@pytest.mark.parametrize("command", [["show"], ["drop", "--yes"]])
def test_an_unknown_message(bridge: Bridge, command: list[str]) -> None:
    result = bridge.call("dead-letters", *command, "nothing")
    assert result.exit_code == 1
    assert "they are empty" in result.stderr
    bridge.send("FinishDeadLetters", {"run_id": RUN})
    result = bridge.call("dead-letters", *command, "nothing")
    assert "'nothing': no such message in FinishDeadLetters" in result.stderr
    assert bridge.bodies("FinishDeadLetters") == [{"run_id": RUN}]


def test_the_message_is_looked_for_in_the_queue_named(bridge: Bridge) -> None:
    [message_id] = bridge.send("FinishDeadLetters", {"run_id": RUN})
    elsewhere = ["--queue", "StartFailures"]
    result = bridge.call("dead-letters", "drop", message_id, *elsewhere, "--yes")
    assert result.exit_code == 1
    assert bridge.bodies("FinishDeadLetters") == [{"run_id": RUN}]


def test_no_permission_to_look(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    deny(monkeypatch, "ListStackResources")
    result = bridge.call("dead-letters", "list")
    assert result.exit_code == 1
    assert "AWS denies ListStackResources" in result.stderr


def consume(bridge: Bridge, queue: str) -> None:
    """Let the stack's one function take a queue's messages."""
    arn = client("sqs").get_queue_attributes(
        QueueUrl=bridge.queues[queue], AttributeNames=["QueueArn"]
    )["Attributes"]["QueueArn"]
    client("lambda").create_event_source_mapping(
        FunctionName="bridge-start-run", EventSourceArn=arn
    )
