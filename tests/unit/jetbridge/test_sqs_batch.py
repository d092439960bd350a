"""SQS batches: one bad message is one bad message."""

import json
from typing import Any

import pytest
from jetbridge_testing.samples import sample

from jetbridge.queues.port import NotYet
from jetbridge.queues.sqs import SqsQueue
from jetbridge.sqs_batch import Message, each_message


class RecordingSqs:
    def __init__(self) -> None:
        self.visibility: list[tuple[str, int]] = []

    def change_message_visibility(
        self, QueueUrl: str, ReceiptHandle: str, VisibilityTimeout: int
    ) -> None:
        self.visibility.append((ReceiptHandle, VisibilityTimeout))


def _event(*bodies: str) -> dict[str, Any]:
    [record] = sample("finish_run/message")["Records"]
    return {
        "Records": [
            record | {"messageId": f"m{n}", "receiptHandle": f"r{n}", "body": body}
            for n, body in enumerate(bodies)
        ]
    }


def _failed(answer: dict[str, Any]) -> list[str]:
    return [item["itemIdentifier"] for item in answer["batchItemFailures"]]


def test_each_message_is_handled_on_its_own() -> None:
    handled: list[Message] = []

    def handle(message: Message) -> None:
        if message["run_id"] == "bad":
            raise ValueError("no")
        handled.append(message)

    bodies = [json.dumps({"run_id": name}) for name in ("a", "bad", "c")]
    answer = each_message(_event(*bodies, "no json"), handle)
    assert _failed(answer) == ["m1", "m3"]
    assert handled == [{"run_id": "a"}, {"run_id": "c"}]


def test_all_good_and_all_bad() -> None:
    assert _failed(each_message(_event("{}", "{}"), lambda message: None)) == []

    def fail(message: Message) -> None:
        raise RuntimeError

    assert _failed(each_message(_event("{}", "{}"), fail)) == ["m0", "m1"]


@pytest.mark.parametrize("delay", [1, 30])
def test_not_yet_comes_back_after_its_delay(delay: int) -> None:
    sqs = RecordingSqs()

    def handle(message: Message) -> None:
        if message["run_id"] == "late":
            raise NotYet("no lines", delay)

    event = _event('{"run_id": "a"}', '{"run_id": "late"}')
    answer = each_message(event, handle, SqsQueue(sqs, "url"))
    assert _failed(answer) == ["m1"]
    assert sqs.visibility == [("r1", delay)]


def test_other_failures_keep_the_queues_own_visibility() -> None:
    sqs = RecordingSqs()

    def fail(message: Message) -> None:
        raise RuntimeError

    assert _failed(each_message(_event("{}"), fail, SqsQueue(sqs, "url"))) == ["m0"]
    assert sqs.visibility == []


def test_visibility_that_cannot_be_changed_fails_the_message_alone() -> None:
    class BrokenSqs:
        def change_message_visibility(self, **parameters: Any) -> None:
            raise ConnectionError

    def handle(message: Message) -> None:
        if message["run_id"] == "late":
            raise NotYet("no lines", 1)

    event = _event('{"run_id": "late"}', '{"run_id": "b"}')
    assert _failed(each_message(event, handle, SqsQueue(BrokenSqs(), "url"))) == ["m0"]


def test_what_is_only_to_wait_is_not_counted_as_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    counted: dict[str, int] = {}
    monkeypatch.setattr("jetbridge.sqs_batch.count", counted.__setitem__)

    def handle(message: Message) -> None:
        if message["run_id"] == "late":
            raise NotYet("no lines", 1)
        if message["run_id"] == "bad":
            raise ValueError

    bodies = [json.dumps({"run_id": name}) for name in ("a", "late", "bad", "late")]
    each_message(_event(*bodies), handle, SqsQueue(RecordingSqs(), "url"))
    assert counted == {"MessagesReturned": 2, "MessagesFailed": 1}
