"""SQS batches: each message is handled by itself, and each failure is reported by itself."""

import json
from collections.abc import Callable
from typing import Any, NoReturn

from jetbridge.aws.clients import client
from jetbridge.contract import ContractError
from jetbridge.queues.messages import Times
from jetbridge.queues.port import GiveUp, NotYet
from jetbridge.queues.sqs import SqsQueue
from jetbridge.runs.port import UnreadableRow
from jetbridge.wiring.settings import Settings
from jetbridge.wiring.telemetry import count, logger, run_keys, unreadable

# The number of receives after which a message becomes a dead letter, which can be replayed, if its
# failure may pass by itself or needs somebody to act. The queue's own maxReceiveCount also counts
# throttled invocations.
FEW_RECEIVES = 5

Message = dict[str, Any]
Record = dict[str, Any]
Answer = dict[str, list[dict[str, str]]]


def each_message(
    event: object,
    handle: Callable[[Message], object],
    queue: SqsQueue[Any] | None = None,
    dead_letters: Callable[[], SqsQueue[Any] | None] | None = None,
    few_tries: type[Exception] | tuple[()] = (),
) -> Answer:
    """Handle every message of a batch and return the ids of the failed ones (AWS Lambda developer
    guide, "Handling errors for an SQS event source": ReportBatchItemFailures).

    If handling raises ``NotYet``, the message returns to ``queue`` after the requested delay. A
    message that can never succeed goes to the function's own dead-letter queue at once, with the
    reason: it breaks the contract (``ContractError``) or has waited too long (``GiveUp``). After
    any other failure, a message returns when the queue's visibility timeout is over. After
    ``maxReceiveCount`` failures it becomes a dead letter, too.

    After a failure of the kind ``few_tries``, a message is given up after `FEW_RECEIVES` receives.

    A record without a message id can't be reported: Lambda takes an empty or null
    ``itemIdentifier`` for the failure of the whole batch (the same page, "Success and failure
    conditions"). SQS never sends one. Such a record is handled once and given up in any case.

    Raises:
        ContractError: the event isn't a batch.
    """
    return each_message_and_times(
        event, lambda message, _: handle(message), queue, dead_letters, few_tries
    )


def each_message_and_times(
    event: object,
    handle: Callable[[Message, Times], object],
    queue: SqsQueue[Any] | None = None,
    dead_letters: Callable[[], SqsQueue[Any] | None] | None = None,
    few_tries: type[Exception] | tuple[()] = (),
) -> Answer:
    """``each_message`` for handlers that use the times of a message."""
    batch = _Batch(handle, queue, dead_letters or own_dead_letters, few_tries)
    for record in _records(event):
        batch.take(record)
    count("MessagesReturned", batch.returned)
    count("MessagesFailed", len(batch.failed) - batch.returned)
    if batch.given_up:
        count("MessagesGivenUp", batch.given_up)
    return {"batchItemFailures": [{"itemIdentifier": name} for name in batch.failed]}


def own_dead_letters() -> SqsQueue[Any] | None:
    """The dead-letter queue of this function's queue; None if it has none."""
    url = Settings.from_environment().dead_letters_url
    return SqsQueue(client("sqs"), url) if url else None


class _Batch:
    def __init__(
        self,
        handle: Callable[[Message, Times], object],
        queue: SqsQueue[Any] | None,
        dead_letters: Callable[[], SqsQueue[Any] | None],
        few_tries: type[Exception] | tuple[()],
    ) -> None:
        self.failed: list[str] = []
        self.returned = 0
        self.given_up = 0
        self._handle = handle
        self._queue = queue
        self._dead_letters = dead_letters
        self._few_tries = few_tries

    def take(self, record: Record) -> None:
        name = _text(record, "messageId")
        run_keys.begin()
        try:
            content = _content(record)
            run_keys.begin(content.get("run_id"), content.get("launch"))
            self._handle(content, _times(record))
        except NotYet as not_yet:
            logger.info(str(not_yet), delay_seconds=not_yet.delay_seconds)
            self.returned += self._return(record, name, not_yet)
            self._fail(name)
        except (ContractError, GiveUp) as reason:
            if isinstance(reason, UnreadableRow):
                unreadable(reason)
            self._give_up(record, name, reason)
        except self._few_tries as reason:
            if _receives(record) >= FEW_RECEIVES:
                self._give_up(record, name, reason)
            else:
                logger.exception("message failed", message_id=name)
                self._fail(name)
        except Exception:
            logger.exception("message failed", message_id=name)
            self._fail(name)

    def _return(self, record: Record, name: str, not_yet: NotYet) -> bool:
        try:
            if self._queue is not None:
                receipt = _text(record, "receiptHandle")
                self._queue.return_later(receipt, not_yet.delay_seconds)
        except Exception:  # it comes back after the queue's visibility timeout
            logger.exception("message could not be returned", message_id=name)
            return False
        return True

    def _give_up(self, record: Record, name: str, reason: Exception) -> None:
        """Move the message to the dead-letter queue. If that fails, report it as failed."""
        try:
            dead_letters = self._dead_letters()
            if dead_letters is None:
                raise ValueError("this function has no dead-letter queue")
            group = _text(record.get("attributes"), "MessageGroupId")
            dead_letters.give_up(_text(record, "body"), str(reason), name, group)
        except Exception:
            logger.exception("message failed", message_id=name, reason=str(reason))
            self._fail(name)
            return
        logger.error("message given up", message_id=name, reason=str(reason))
        self.given_up += 1

    def _fail(self, name: str) -> None:
        if name:
            self.failed.append(name)
        else:
            logger.error("message dropped: its record has no messageId")
            count("MessagesDropped")


def _records(event: object) -> list[Record]:
    records = event.get("Records") if isinstance(event, dict) else None
    if not isinstance(records, list):
        raise ContractError("Records", "is not a list of messages", "Let SQS invoke this function")
    return [record if isinstance(record, dict) else {} for record in records]


def _text(record: object, field: str) -> str:
    value = record.get(field) if isinstance(record, dict) else None
    return value if isinstance(value, str) else ""


def _receives(record: Record) -> int:
    """How often SQS has delivered the message, including this time."""
    text = _text(record.get("attributes"), "ApproximateReceiveCount")
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 9 else 1


def _times(record: Record) -> Times:
    attributes = record.get("attributes")
    sent = _text(attributes, "SentTimestamp")
    received = _text(attributes, "ApproximateFirstReceiveTimestamp")
    counted = _text(attributes, "ApproximateReceiveCount")
    return Times(_seconds(sent), _seconds(received), again=counted != "1")


def _seconds(milliseconds: str) -> float | None:
    """An epoch time as SQS writes it, in seconds; None if it isn't one."""
    digits = milliseconds.isascii() and milliseconds.isdecimal() and len(milliseconds) <= 15
    return int(milliseconds) / 1000 if digits else None


def _content(record: Record) -> Message:
    """The body, which must be a JSON object.

    Raises: ContractError
    """
    try:
        content = json.loads(_text(record, "body"), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise ContractError("body", f"is not JSON ({error})", "Send a JSON object") from error
    if not isinstance(content, dict):
        raise ContractError("body", "is not a JSON object", "Send a JSON object")
    return content


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")
