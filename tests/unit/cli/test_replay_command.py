"""``jetbridge replay`` on a stack in moto."""

import json
from typing import Any

import pytest
from cli_stack import REGION, Bridge, client
from interception import deny, intercept, spy_on_invocations
from typer.testing import CliRunner

from jetbridge_cli.main import app

RUN = "mzxw6ytboi4dgmrtgq2t"
OTHER = "abcdefghijklmnopqrst"


def test_nothing_to_do(bridge: Bridge) -> None:
    result = bridge.call("replay")
    assert result.exit_code == 0
    assert "no dead letters" in result.stdout


def test_messages_go_back_with_attributes_group_and_trace(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries: list[dict[str, Any]] = []

    def note(operation: str, arguments: dict[str, Any]) -> None:
        if operation == "SendMessageBatch":
            entries.extend(arguments["Entries"])

    intercept(monkeypatch, note)
    trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
    bridge.send(
        "FinishDeadLetters",
        {"run_id": RUN},
        MessageAttributes={
            "text": {"DataType": "String", "StringValue": "kept"},
            "bytes": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
        },
        MessageGroupId="dag",
        MessageSystemAttributes={"AWSTraceHeader": {"DataType": "String", "StringValue": trace}},
    )
    answer = bridge.json("replay", "finishdeadletters")
    assert answer["moved"] == 1
    [queue] = answer["queues"]
    assert (queue["queue"], queue["destination"]) == ("FinishDeadLetters", "FinishQueue")
    assert queue["run_ids"] == [RUN]
    assert bridge.bodies("FinishDeadLetters") == []
    [message] = bridge.messages("FinishQueue")
    assert json.loads(message["Body"]) == {"run_id": RUN}
    assert message["MessageAttributes"]["text"]["StringValue"] == "kept"
    assert message["MessageAttributes"]["bytes"]["BinaryValue"] == b"\x00\xff"
    assert message["Attributes"]["MessageGroupId"] == "dag"
    # moto drops it.
    assert entries[0]["MessageSystemAttributes"]["AWSTraceHeader"]["StringValue"] == trace


def test_undelivered_events_go_to_the_rules_target_without_the_error(bridge: Bridge) -> None:
    bridge.send(
        "UndeliveredStateChanges",
        {"detail": {"startedBy": f"jb-0123abcd-{RUN}-1"}},
        MessageAttributes={"ERROR_CODE": {"DataType": "String", "StringValue": "NO_PERMISSIONS"}},
    )
    [queue] = bridge.json("replay")["queues"]
    assert queue["destination"] == "StateChangeQueue"
    assert queue["run_ids"] == [RUN]
    [message] = bridge.messages("StateChangeQueue")
    assert "MessageAttributes" not in message


def test_failed_starts_are_invoked_again(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    invoked = spy_on_invocations(monkeypatch)
    payload = {"caller": {"kind": "person", "name": "me"}, "idempotency_key": "k"}
    record = {"requestContext": {"condition": "RetriesExhausted"}, "requestPayload": payload}
    bridge.send("StartFailures", record)
    answer = bridge.json("replay")
    assert answer["moved"] == 1
    assert invoked == [("bridge-start-run", "Event", payload)]
    assert bridge.bodies("StartFailures") == []


def test_a_message_that_isnt_an_invocation_record_stays(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoked = spy_on_invocations(monkeypatch)
    [message_id] = bridge.send("StartFailures", "not even JSON")
    result = bridge.call("replay")
    assert result.exit_code == 3
    assert invoked == []
    assert message_id in result.stderr
    assert "no requestPayload" in result.stderr
    assert [message["Body"] for message in bridge.messages("StartFailures")] == ["not even JSON"]


def test_an_invocation_that_aws_refuses_stays_and_those_before_it_are_deleted(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    spy_on_invocations(monkeypatch, fail_at=1)
    records = [{"requestContext": {}, "requestPayload": {"number": n}} for n in range(3)]
    bridge.send("StartFailures", *records)
    result = bridge.call("replay", "--output", "json")
    assert result.exit_code == 3
    [queue] = json.loads(result.stdout)["queues"]
    assert queue["moved"] == 2
    assert "TooManyRequestsException" in queue["refused"][0]["reason"]
    assert len(bridge.bodies("StartFailures")) == 1


def test_the_limit_is_of_all_queues_together(bridge: Bridge) -> None:
    bridge.send("FinishDeadLetters", *({"run_id": f"{n}"} for n in range(15)))
    bridge.send("StateChangeDeadLetters", *({"number": n} for n in range(15)))
    answer = bridge.json("replay", "--limit", "18")
    assert [queue["moved"] for queue in answer["queues"]] == [15, 3]
    left = len(bridge.bodies("FinishDeadLetters")) + len(bridge.bodies("StateChangeDeadLetters"))
    assert left == 12


@pytest.mark.parametrize("limit", ["0", "-1", "many"])
def test_a_limit_is_a_positive_number(limit: str) -> None:
    result = CliRunner().invoke(app, ["replay", "--limit", limit])
    assert result.exit_code == 2
    assert "--limit" in result.stderr


def test_a_dry_run_says_what_would_be_done_and_does_nothing(bridge: Bridge) -> None:
    bridge.send("FinishDeadLetters", *({"run_id": f"{n}"} for n in range(25)))
    answer = bridge.json("replay", "--dry-run", "--limit", "12")
    assert answer["dry_run"] is True
    assert answer["moved"] == 12
    assert bridge.bodies("FinishQueue") == []
    assert len(bridge.bodies("FinishDeadLetters")) == 25
    result = bridge.call("replay", "--dry-run")
    assert "would go back" in result.stdout


def test_only_some_runs(bridge: Bridge) -> None:
    event = {"detail": {"jobName": f"jb-0123abcd-{RUN}-2-report"}}
    bridge.send("FinishDeadLetters", {"run_id": OTHER}, {"run_id": RUN}, {"run_ids": [RUN, OTHER]})
    bridge.send("StateChangeDeadLetters", event, {"detail": {"jobName": "somebody else's"}})
    answer = bridge.json("replay", "--run-id", RUN)
    assert answer["moved"] == 3
    assert [queue["passed_over"] for queue in answer["queues"]] == [1, 1]
    assert bridge.bodies("FinishDeadLetters") == [{"run_id": OTHER}]
    assert bridge.bodies("StateChangeQueue") == [event]


def test_an_unknown_queue(bridge: Bridge) -> None:
    result = bridge.call("replay", "FinishDeadLeters")
    assert result.exit_code == 1
    assert "did you mean FinishDeadLetters?" in result.stderr
    assert "there are FinishDeadLetters, StartFailures" in bridge.call("replay", "xyz").stderr


def test_a_queue_that_holds_no_dead_letters(bridge: Bridge) -> None:
    result = bridge.call("replay", "Unrelated")
    assert result.exit_code == 1
    assert "'Unrelated' isn't a dead-letter queue" in result.stderr


def test_an_unknown_stack(aws: None) -> None:
    result = CliRunner().invoke(app, ["replay", "--stack", "brigde", "--region", REGION])
    assert result.exit_code == 1
    assert "there is no stack 'brigde' in eu-west-1" in result.stderr


@pytest.mark.parametrize("code", ["ValidationError", "Throttling", "AccessDenied"])
def test_a_stack_that_aws_doesnt_list_may_be_there(
    aws: None, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    deny(monkeypatch, "ListStackResources", code)
    result = CliRunner().invoke(app, ["replay", "--stack", "bridge", "--region", REGION])
    assert result.exit_code == 1
    assert "there is no stack" not in result.stderr
    assert "ListStackResources" in result.stderr


def test_a_stack_of_something_else(aws: None) -> None:
    template = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}
    client("cloudformation").create_stack(StackName="other", TemplateBody=json.dumps(template))
    result = CliRunner().invoke(app, ["replay", "--stack", "other", "--region", REGION])
    assert result.exit_code == 1
    assert "has no dead-letter queues" in result.stderr


def test_a_queue_of_two_sources(bridge: Bridge) -> None:
    sqs = client("sqs")
    names = ["RedrivePolicy"]
    policy = sqs.get_queue_attributes(QueueUrl=bridge.queues["FinishQueue"], AttributeNames=names)
    url = bridge.queues["StateChangeQueue"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes=policy["Attributes"])
    result = bridge.call("replay")
    assert result.exit_code == 1
    assert "both" in result.stderr
    assert "give each a queue of its own" in result.stderr


def test_an_unknown_profile(aws: None) -> None:
    result = CliRunner().invoke(app, ["replay", "--profile", "nobody"])
    assert result.exit_code == 1
    assert "nobody" in result.stderr


def test_no_region(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.delenv("AWS_REGION", raising=False)
    result = CliRunner().invoke(app, ["replay"])
    assert result.exit_code == 1
    assert "give --region" in result.stderr


def test_no_permission(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    bridge.send("FinishDeadLetters", {"run_id": RUN})
    deny(monkeypatch, "SendMessageBatch")
    result = bridge.call("replay")
    assert result.exit_code == 1
    assert result.stderr.startswith("error: AWS denies SendMessageBatch")
    assert bridge.bodies("FinishDeadLetters") == [{"run_id": RUN}], "it is visible again"
