"""Finds a message by its id."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from jetbridge_cli.messages import Message
from jetbridge_cli.problems import Problem
from jetbridge_cli.receiving import Reader
from jetbridge_cli.stack import DeadLetterQueue

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


@contextmanager
def found(
    sqs: "SQSClient", queues: Iterable[DeadLetterQueue], message_id: str
) -> Iterator[tuple[DeadLetterQueue, Reader, Message]]:
    """Receive messages from one queue after the other until the message comes.

    At the end all received messages are visible again, including this one if it wasn't deleted.
    Raises Problem if no queue has the message.
    """
    searched = []
    for queue in queues:
        searched.append(queue.name)
        with Reader(sqs, queue.url, queue.messages) as reader:
            for batch in reader.batches():
                for message in batch:
                    if message_id in (message.id, message.logged_as):
                        yield queue, reader, message
                        return
    where = ", ".join(searched) or "any dead-letter queue: they are empty"
    raise Problem(
        f"{message_id!r}: no such message in {where}. Somebody may be reading or replaying it "
        "just now; `jetbridge dead-letters show` lists the ids"
    )


def first(
    sqs: "SQSClient", queues: Iterable[DeadLetterQueue], limit: int
) -> list[tuple[DeadLetterQueue, Message]]:
    """Up to ``limit`` messages of each queue, oldest first. All are visible again at the end."""
    seen = []
    for queue in queues:
        messages: list[Message] = []
        with Reader(sqs, queue.url, limit) as reader:
            for batch in reader.batches():
                messages += batch
                if len(messages) >= limit:
                    break
        messages.sort(key=lambda message: message.sent_at)
        seen += [(queue, message) for message in messages[:limit]]
    return seen
