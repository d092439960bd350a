"""What SqsQueue asks of SQS."""

import json
from typing import Any

import boto3
import pytest

from jetbridge.queues.sqs import SqsQueue


@pytest.fixture
def sqs(aws: None) -> Any:
    return boto3.client("sqs")


@pytest.fixture
def queue(sqs: Any) -> SqsQueue[Any]:
    return SqsQueue(sqs, sqs.create_queue(QueueName="launch")["QueueUrl"])


def received(sqs: Any) -> list[Any]:
    answer = sqs.receive_message(
        QueueUrl=sqs.get_queue_url(QueueName="launch")["QueueUrl"],
        MaxNumberOfMessages=10,
        MessageSystemAttributeNames=["MessageGroupId"],
    )
    messages: list[Any] = answer.get("Messages", [])
    return messages


def test_a_message_carries_its_group(sqs: Any, queue: SqsQueue[Any]) -> None:
    queue.send({"run_id": "a", "launch": 1}, group="daily_report")
    [message] = received(sqs)
    assert json.loads(message["Body"]) == {"run_id": "a", "launch": 1}
    assert message["Attributes"] == {"MessageGroupId": "daily_report"}


def test_without_a_group_there_is_none(sqs: Any, queue: SqsQueue[Any]) -> None:
    queue.send({"run_id": "a"})
    [message] = received(sqs)
    assert message.get("Attributes", {}) == {}


def test_a_delayed_message_is_not_there_yet(sqs: Any, queue: SqsQueue[Any]) -> None:
    queue.send({"run_id": "a"}, delay_seconds=60, group="daily_report")
    assert received(sqs) == []
    url = sqs.get_queue_url(QueueName="launch")["QueueUrl"]
    counts = sqs.get_queue_attributes(
        QueueUrl=url, AttributeNames=["ApproximateNumberOfMessagesDelayed"]
    )
    assert counts["Attributes"]["ApproximateNumberOfMessagesDelayed"] == "1"
