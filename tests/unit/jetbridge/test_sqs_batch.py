"""SQS batches: one bad message is one bad message."""

import json
from typing import Any

import pytest
from jetbridge_testing.samples import sample
from jetbridge_testing.stand_ins import as_client

from jetbridge.contract import ContractError, decode
from jetbridge.queues.messages import FinishMessage, Times
from jetbridge.queues.port import NotYet
from jetbridge.queues.sqs import SqsQueue
from jetbridge.runs.port import UnreadableRow
from jetbridge.wiring.sqs_batch import Message, each_message, each_message_and_times


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
    answer = each_message(_event(*bodies, "no json"), handle, dead_letters=lambda: None)
    assert _failed(answer) == ["m1", "m3"]
    assert handled == [{"run_id": "a"}, {"run_id": "c"}]


@pytest.mark.parametrize(
    ("attributes", "times"),
    [
        (
            {"SentTimestamp": "1772323209000", "ApproximateFirstReceiveTimestamp": "1772323209010"},
            Times(1772323209.0, 1772323209.01),
        ),
        ({"SentTimestamp": "1"}, Times(0.001, None)),
        ({"SentTimestamp": "-1", "ApproximateFirstReceiveTimestamp": "soon"}, Times()),
        ({"SentTimestamp": 5, "ApproximateFirstReceiveTimestamp": "9" * 400}, Times()),
        ({}, Times()),
        (None, Times()),
    ],
)
def test_when_a_message_was_sent_and_first_received(attributes: Any, times: Times) -> None:
    batch = _event("{}")
    batch["Records"][0]["attributes"] = attributes
    seen: list[Times] = []
    answer = each_message_and_times(batch, lambda message, known: seen.append(known))
    assert (_failed(answer), seen) == ([], [times])


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
    answer = each_message(event, handle, SqsQueue(as_client(sqs), "url"))
    assert _failed(answer) == ["m1"]
    assert sqs.visibility == [("r1", delay)]


def test_other_failures_keep_the_queues_own_visibility() -> None:
    sqs = RecordingSqs()

    def fail(message: Message) -> None:
        raise RuntimeError

    assert _failed(each_message(_event("{}"), fail, SqsQueue(as_client(sqs), "url"))) == ["m0"]
    assert sqs.visibility == []


def test_visibility_that_cannot_be_changed_fails_the_message_alone() -> None:
    class BrokenSqs:
        def change_message_visibility(self, **parameters: Any) -> None:
            raise ConnectionError

    def handle(message: Message) -> None:
        if message["run_id"] == "late":
            raise NotYet("no lines", 1)

    event = _event('{"run_id": "late"}', '{"run_id": "b"}')
    assert _failed(each_message(event, handle, SqsQueue(as_client(BrokenSqs()), "url"))) == ["m0"]


def test_what_is_only_to_wait_is_not_counted_as_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    counted: dict[str, int] = {}
    monkeypatch.setattr("jetbridge.wiring.sqs_batch.count", counted.__setitem__)

    def handle(message: Message) -> None:
        if message["run_id"] == "late":
            raise NotYet("no lines", 1)
        if message["run_id"] == "bad":
            raise ValueError

    bodies = [json.dumps({"run_id": name}) for name in ("a", "late", "bad", "late")]
    each_message(_event(*bodies), handle, SqsQueue(as_client(RecordingSqs()), "url"))
    assert counted == {"MessagesReturned": 2, "MessagesFailed": 1}


# What can never succeed


class DeadLetters:
    def __init__(self, error: Exception | None = None) -> None:
        self.sent: list[dict[str, Any]] = []
        self.error = error

    def send_message(self, **message: Any) -> None:
        if self.error is not None:
            raise self.error
        self.sent.append(message)

    def __call__(self) -> SqsQueue[Any]:
        return SqsQueue(as_client(self), "url")


def _reason(message: dict[str, Any]) -> str:
    return str(message["MessageAttributes"]["JETBRIDGE_REASON"]["StringValue"])


def _decoding(message: Message) -> None:
    decode(FinishMessage, message)


GOOD = json.dumps({"run_id": "mzxw6ytboi4dgmrtgq2t"})


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("no json", "body: is not JSON"),
        ("", "body: is not JSON"),
        ('{"run_id": NaN}', "NaN is no JSON number"),
        ("[" * 100_000, "body: is not JSON"),
        ("[]", "body: is not a JSON object"),
        ("null", "body: is not a JSON object"),
        ("{}", "run_id"),
        ('{"run_id": 5}', "run_id: expected `str`, got `int`"),
        ('{"run_id": "pace#ecs"}', "run_id"),
        ('{"run_id": "\\ud800"}', "surrogate"),
    ],
)
def test_message_that_can_never_succeed_is_given_up_at_once(body: str, reason: str) -> None:
    letters = DeadLetters()
    event = _event(GOOD, body, GOOD)
    event["Records"][1]["attributes"]["MessageGroupId"] = "group"
    answer = each_message(event, _decoding, dead_letters=letters)
    assert _failed(answer) == []
    [sent] = letters.sent
    assert (sent["MessageBody"], sent["MessageGroupId"]) == (body, "group")
    assert reason in _reason(sent)
    assert sent["MessageAttributes"]["JETBRIDGE_MESSAGE_ID"]["StringValue"] == "m1"


def test_message_that_could_not_be_given_up_fails_as_any_other() -> None:
    letters = DeadLetters(ConnectionError("SQS is away"))
    assert _failed(each_message(_event(GOOD, "{}"), _decoding, dead_letters=letters)) == ["m1"]


@pytest.mark.parametrize("name", [None, "", 5, "missing"])
def test_record_without_a_message_id_is_never_reported(
    name: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty or null itemIdentifier would fail the whole batch."""
    counted: dict[str, int] = {}
    monkeypatch.setattr(
        "jetbridge.wiring.sqs_batch.count", lambda name, value=1: counted.__setitem__(name, value)
    )
    letters = DeadLetters()
    event = _event("{}", GOOD, GOOD)
    for record in event["Records"][:2]:
        record["messageId"] = name
        if name == "missing":
            del record["messageId"]

    def fail(message: Message) -> None:
        _decoding(message)
        raise RuntimeError

    assert _failed(each_message(event, fail, dead_letters=letters)) == ["m2"]
    assert [message["MessageBody"] for message in letters.sent] == ["{}"]
    assert (counted["MessagesGivenUp"], counted["MessagesDropped"]) == (1, 1)


@pytest.mark.parametrize("record", [None, 5, "x", [], {}, {"messageId": "m"}, {"body": GOOD}])
def test_record_that_is_none_is_one_record(record: object) -> None:
    event = _event(GOOD)
    event["Records"].append(record)
    handled: list[Message] = []
    each_message(event, handled.append, dead_letters=DeadLetters())
    assert handled[0] == json.loads(GOOD)


@pytest.mark.parametrize("event", [None, [], "x", {}, {"Records": None}, {"Records": {}}])
def test_anything_but_a_batch_is_refused(event: object) -> None:
    with pytest.raises(ContractError, match="Records"):
        each_message(event, _decoding)


def test_unreadable_row_is_counted_and_its_message_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counted: dict[str, int] = {}
    monkeypatch.setattr(
        "jetbridge.wiring.telemetry.count", lambda name, value=1: counted.__setitem__(name, value)
    )
    letters = DeadLetters()

    def fail(message: Message) -> None:
        raise UnreadableRow("r", "odd")

    assert _failed(each_message(_event(GOOD), fail, dead_letters=letters)) == []
    assert counted["RowsUnreadable"] == 1
    assert "row of run r can't be read" in _reason(letters.sent[0])


@pytest.mark.parametrize(("receives", "given_up"), [("1", False), ("4", False), ("5", True)])
@pytest.mark.parametrize("error", [LookupError("no such asset"), ValueError("a fault of ours")])
def test_what_only_somebody_can_change_is_given_up_after_few_receives(
    receives: str, given_up: bool, error: Exception
) -> None:
    def handle(message: Message) -> None:
        raise error

    event = _event("{}")
    event["Records"][0]["attributes"]["ApproximateReceiveCount"] = receives
    letters = DeadLetters()
    answer = each_message(event, handle, dead_letters=letters, few_tries=LookupError)
    given_up = given_up and isinstance(error, LookupError)
    assert [_reason(letter) for letter in letters.sent] == ["no such asset"] * given_up
    assert _failed(answer) == ([] if given_up else ["m0"])
