"""Sends dead letters back to where they were given up. Deletes each only after it was sent.

After a crash at any point, a message is in the dead-letter queue, in its destination, or in both.
It is never lost. Sending a message twice does no harm, because every step of Jetbridge may be
repeated.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from jetbridge_cli.messages import Message
from jetbridge_cli.receiving import Reader
from jetbridge_cli.stack import DeadLetterQueue


@dataclass
class Replayed:
    """The result for one queue's messages.

    Attributes:
        moved: messages that were sent back. In a dry run, messages that would be sent back.
        passed_over: messages that stay because they belong to other runs.
        arrived_later: messages that stay because they were sent after the replay began. This
            includes messages that were sent back and given up again.
        refused: ids of messages that could not be sent back, with the reason. They stay.
        undeleted: ids of messages that were sent but that SQS did not delete. They will come a
            second time.
        run_ids: the runs of the moved messages.
    """

    moved: int = 0
    passed_over: int = 0
    arrived_later: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)
    undeleted: list[str] = field(default_factory=list)
    run_ids: set[str] = field(default_factory=set)

    @property
    def complete(self) -> bool:
        return not self.refused and not self.undeleted


@dataclass(frozen=True)
class Selection:
    """Which messages to replay: those of some runs or all, and at most ``limit`` if it is given."""

    run_ids: frozenset[str] = frozenset()
    limit: int | None = None

    def wants(self, message: Message) -> bool:
        return not self.run_ids or not self.run_ids.isdisjoint(message.run_ids)


def replay(
    queue: DeadLetterQueue,
    reader: Reader,
    selection: Selection,
    dry_run: bool,
    moved: Callable[[int], object],
) -> Replayed:
    """Send a queue's messages back.

    Messages that were sent after the replay began stay, so the replay ends even if the messages
    that it sends come back. It calls ``moved`` with the number of newly moved messages.

    Raises:
        ClientError: AWS refuses a call. The received messages become visible again.
    """
    result = Replayed()
    # SQS gives its time in whole seconds, rounded down.
    began = queue.asked_at + 1
    own: set[str] = set()
    if selection.limit == 0:
        return result
    with reader:
        for batch in reader.batches():
            older = [each for each in batch if each.sent_at <= began and each.id not in own]
            result.arrived_later += len(batch) - len(older)
            wanted = [each for each in older if selection.wants(each)]
            result.passed_over += len(older) - len(wanted)
            if selection.limit is not None:
                wanted = wanted[: selection.limit - result.moved]
            gone = wanted if dry_run else _move(queue, reader, wanted, result, own)
            result.moved += len(gone)
            result.run_ids.update(run_id for each in gone for run_id in each.run_ids)
            moved(len(gone))
            if result.moved == selection.limit:
                break
    return result


def _move(
    queue: DeadLetterQueue,
    reader: Reader,
    messages: list[Message],
    result: Replayed,
    own: set[str],
) -> list[Message]:
    sent = queue.destination.send(messages)
    own |= sent.new_ids
    result.undeleted += [each.id for each in reader.delete(sent.messages)]
    result.refused += [(each.id, reason) for each, reason in sent.refused]
    return sent.messages


def to_hold(queue: DeadLetterQueue, selection: Selection, dry_run: bool) -> int:
    """The number of messages that a replay may have to hold until its end."""
    if not dry_run:
        return queue.messages if selection.run_ids else 0
    return min(queue.messages, selection.limit or queue.messages)
