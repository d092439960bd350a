"""What can't be delivered goes to the target's dead-letter queue, as AWS writes it there."""

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from probe_aws import Aws


@pytest.fixture
def name() -> str:
    return f"undelivered-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def rule(aws: Aws, name: str) -> Iterator[str]:
    """A rule's ARN; its targets and itself are removed at the end."""
    events = aws.client("events")
    arn = events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))["RuleArn"]
    yield arn
    targets = events.list_targets_by_rule(Rule=name)["Targets"]
    events.remove_targets(Rule=name, Ids=[target["Id"] for target in targets])
    events.delete_rule(Name=name)


def queue(aws: Aws, name: str, rule_arn: str | None = None) -> tuple[str, str]:
    """A queue's URL and ARN. Its policy allows ``rule_arn`` to send."""
    sqs = aws.client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    if rule_arn:
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn["QueueArn"],
            "Condition": {"ArnEquals": {"aws:SourceArn": [rule_arn]}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    return url, arn["QueueArn"]


def receive(aws: Aws, url: str, seconds: int = 5) -> list[dict[str, Any]]:
    answer = aws.client("sqs").receive_message(
        QueueUrl=url, WaitTimeSeconds=seconds, MessageAttributeNames=["All"]
    )
    messages: list[dict[str, Any]] = answer.get("Messages", [])
    return messages


def attributes(message: dict[str, Any]) -> dict[str, str]:
    return {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}


def put_event(aws: Aws, source: str) -> str:
    entry = {"Source": source, "DetailType": "Probe", "Detail": json.dumps({"number": 7})}
    return str(aws.client("events").put_events(Entries=[entry])["Entries"][0]["EventId"])


def test_a_queue_that_does_not_let_the_rule_in(aws: Aws, name: str, rule: str) -> None:
    _, closed = queue(aws, f"{name}-closed", "arn:aws:events:us-east-1:000000000000:rule/another")
    open_url, open_arn = queue(aws, f"{name}-open", rule)
    dead_url, dead_arn = queue(aws, f"{name}-dead", rule)
    targets = [
        {"Id": "closed", "Arn": closed, "DeadLetterConfig": {"Arn": dead_arn}},
        {"Id": "open", "Arn": open_arn, "DeadLetterConfig": {"Arn": dead_arn}},
    ]
    aws.client("events").put_targets(Rule=name, Targets=targets)
    event_id = put_event(aws, name)
    [delivered] = receive(aws, open_url)
    [dead] = receive(aws, dead_url)
    assert json.loads(dead["Body"]) == json.loads(delivered["Body"])
    assert json.loads(dead["Body"])["id"] == event_id
    assert json.loads(dead["Body"])["detail"] == {"number": 7}
    found = attributes(dead)
    assert rule in found.pop("ERROR_MESSAGE")
    assert found == {
        "RULE_ARN": rule,
        "TARGET_ARN": closed,
        "ERROR_CODE": "NO_PERMISSIONS",
        "RETRY_ATTEMPTS": "0",
    }


def test_a_queue_without_a_policy_lets_no_rule_in(aws: Aws, name: str, rule: str) -> None:
    url, arn = queue(aws, f"{name}-closed")
    aws.client("events").put_targets(Rule=name, Targets=[{"Id": "closed", "Arn": arn}])
    put_event(aws, name)
    assert receive(aws, url, 1) == []


@pytest.mark.parametrize("kind", ["sqs", "lambda"])
def test_a_target_that_is_gone(aws: Aws, name: str, rule: str, kind: str) -> None:
    dead_url, dead_arn = queue(aws, f"{name}-dead", rule)
    resource = f"function:{name}" if kind == "lambda" else name
    gone = f"arn:aws:{kind}:us-east-1:{aws.cloud.settings.account}:{resource}"
    target = {"Id": "gone", "Arn": gone, "DeadLetterConfig": {"Arn": dead_arn}}
    aws.client("events").put_targets(Rule=name, Targets=[target])
    put_event(aws, name)
    [dead] = receive(aws, dead_url)
    assert attributes(dead)["ERROR_CODE"] == "NO_RESOURCE"
    assert attributes(dead)["TARGET_ARN"] == gone


def test_a_dead_letter_queue_needs_a_policy_too(aws: Aws, name: str, rule: str) -> None:
    dead_url, dead_arn = queue(aws, f"{name}-dead")
    gone = f"arn:aws:sqs:us-east-1:{aws.cloud.settings.account}:{name}"
    target = {"Id": "gone", "Arn": gone, "DeadLetterConfig": {"Arn": dead_arn}}
    aws.client("events").put_targets(Rule=name, Targets=[target])
    put_event(aws, name)
    assert receive(aws, dead_url, 1) == []


def test_a_schedule_whose_target_is_gone(aws: Aws, name: str) -> None:
    dead_url, dead_arn = queue(aws, f"{name}-dead")
    gone = f"arn:aws:lambda:us-east-1:{aws.cloud.settings.account}:function:{name}"
    at = datetime.now(UTC) + timedelta(seconds=1)
    created = aws.client("scheduler").create_schedule(
        Name=name,
        ScheduleExpression=f"at({at:%Y-%m-%dT%H:%M:%S})",
        FlexibleTimeWindow={"Mode": "OFF"},
        ActionAfterCompletion="DELETE",
        Target={
            "Arn": gone,
            "RoleArn": aws.role(),
            "Input": json.dumps({"time": "<aws.scheduler.scheduled-time>"}),
            "DeadLetterConfig": {"Arn": dead_arn},
        },
    )
    [dead] = receive(aws, dead_url, 10)
    assert json.loads(dead["Body"]) == {"time": f"{at:%Y-%m-%dT%H:%M:%SZ}"}
    found = attributes(dead)
    assert len(found.pop("EXECUTION_ID")) == 16
    assert name in found.pop("ERROR_MESSAGE")
    assert found == {
        "SCHEDULE_ARN": created["ScheduleArn"],
        "TARGET_ARN": gone,
        "SCHEDULED_TIME": f"{at:%Y-%m-%dT%H:%M:%SZ}",
        "ERROR_CODE": "ResourceNotFoundException",
        "RETRY_ATTEMPTS": "0",
        "IS_PAYLOAD_TRUNCATED": "false",
    }
