"""What the services need of a queue, and how they ask for a message to come back later."""

from typing import Protocol, TypeVar

M = TypeVar("M", contravariant=True)


class Queue(Protocol[M]):
    """One SQS queue for messages of one type, which are JSON objects of a few hundred bytes."""

    def send(self, message: M, delay_seconds: int = 0, group: str = "") -> None:
        """Queue a message for now or for after ``delay_seconds`` (at most 900).

        Messages of one ``group`` don't hold back another's: SQS's fair queues (Amazon SQS
        developer guide, "How Amazon SQS fair queues work"). Without a group, a message is a
        group of its own.
        """
        ...


class GiveUp(Exception):
    """The message can never succeed. The text says why, in plain words."""


class NotYet(Exception):
    """The message can't be handled yet. It should come back after ``delay_seconds``."""

    def __init__(self, reason: str, delay_seconds: int) -> None:
        super().__init__(reason)
        self.delay_seconds = delay_seconds
