"""Receives every message of a queue once. Messages that aren't deleted become visible again.

SQS has no way to ask for one message. A reader has to receive messages until the right one comes.
Others can't see the received messages until their visibility timeout ends or is set to zero.
"""

import itertools
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from jetbridge_cli.messages import Message

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

T = TypeVar("T")

# SQS takes up to ten messages in one call (API references).
BATCH = 10
HOLD_SECONDS = 30
# Ten messages take three calls of some 20 ms. The calculation assumes half of that speed.
HELD_PER_SECOND = 50
LONGEST_HOLD_SECONDS = 12 * 3600
# With a wait, SQS asks all of its servers, so an empty answer means an empty queue (Amazon SQS
# developer guide, "Amazon SQS short and long polling").
WAIT_SECONDS = 1
# If messages come back faster than they are held, the reader stops after this many answers without
# a new message.
STALE_ANSWERS = 3
DELETE_ATTEMPTS = 3


@dataclass
class _Held:
    message: Message
    until: float


class Reader:
    """One pass through one queue. As a context manager, it releases messages that were not deleted.

    ``to_hold`` is how many messages the pass may have to hold at the same time. With more messages,
    each is held for longer, up to SQS's limit of 12 hours. If the pass is killed, the messages stay
    invisible for that time.
    """

    def __init__(
        self,
        sqs: "SQSClient",
        url: str,
        to_hold: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sqs = sqs
        self._url = url
        self._hold = min(HOLD_SECONDS + to_hold // HELD_PER_SECOND, LONGEST_HOLD_SECONDS)
        self._clock = clock
        self._held: dict[str, _Held] = {}
        self._deleted: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self.release()
            return
        with suppress(BotoCoreError, ClientError):
            self.release()

    def batches(self) -> Iterator[list[Message]]:
        """Yield up to ten messages at a time, each once, until the queue has no more."""
        stale = 0
        while stale < STALE_ANSWERS:
            self._hold_on()
            received = self._receive()
            if not received:
                return
            # A standard queue may deliver a message again after it was deleted.
            self.delete([message for message in received if message.id in self._deleted])
            waiting = [message for message in received if message.id not in self._deleted]
            new = [message for message in waiting if message.id not in self._held]
            until = self._clock() + self._hold
            self._held |= {message.id: _Held(message, until) for message in waiting}
            stale = 0 if new else stale + 1
            if new:
                yield new

    def delete(self, messages: Iterable[Message]) -> list[Message]:
        """Delete received messages. Returns those that SQS did not delete."""
        left = list(messages)
        for _ in range(DELETE_ATTEMPTS):
            left = [message for batch in _tens(left) for message in self._delete(batch)]
        return left

    def release(self) -> None:
        """Make all held messages visible again at once."""
        held = [each.message for each in self._held.values()]
        self._held.clear()
        self._set_visibility(held, 0)

    def _receive(self) -> list[Message]:
        answer = self._sqs.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=BATCH,
            VisibilityTimeout=self._hold,
            WaitTimeSeconds=WAIT_SECONDS,
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        return [Message.received(message) for message in answer.get("Messages", [])]

    def _delete(self, messages: Sequence[Message]) -> list[Message]:
        by_entry = {str(number): message for number, message in enumerate(messages)}
        answer = self._sqs.delete_message_batch(
            QueueUrl=self._url,
            Entries=[
                {"Id": entry, "ReceiptHandle": message.receipt}
                for entry, message in by_entry.items()
            ],
        )
        failed = [by_entry.pop(each["Id"]) for each in answer.get("Failed", [])]
        for message in by_entry.values():
            self._held.pop(message.id, None)
            self._deleted.add(message.id)
        return failed

    def _hold_on(self) -> None:
        now = self._clock()
        ending = [each for each in self._held.values() if each.until - now < self._hold / 2]
        self._set_visibility([each.message for each in ending], self._hold)
        for each in ending:
            each.until = now + self._hold

    def _set_visibility(self, messages: Sequence[Message], seconds: int) -> None:
        # If a message's visibility timeout has passed, SQS refuses its receipt. The message is
        # visible already.
        for batch in _tens(messages):
            self._sqs.change_message_visibility_batch(
                QueueUrl=self._url,
                Entries=[
                    {
                        "Id": str(number),
                        "ReceiptHandle": message.receipt,
                        "VisibilityTimeout": seconds,
                    }
                    for number, message in enumerate(batch)
                ],
            )


def _tens(items: Sequence[T]) -> Iterator[list[T]]:
    remaining = iter(items)
    while batch := list(itertools.islice(remaining, BATCH)):
        yield batch
