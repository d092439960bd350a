"""What takes the lines of a copy: the common side of S3 and CloudWatch Logs."""

from collections.abc import Iterator
from typing import Protocol

from jetbridge.contract.lines import Line
from jetbridge.logs.copy_state import CopyState
from jetbridge.logs.position import Position


class StartAnew(Exception):
    """What was at the target is gone, or isn't what was written: the copy begins anew."""


class Sink(Protocol):
    """Takes the lines of one part in their order.

    What it has taken is at the target only when it gives a state; whoever goes on from that state
    is to repeat the lines behind it.
    """

    @property
    def replaces(self) -> bool:
        """What is brought to the target at once takes the place of an earlier copy: such a copy
        may be repeated from its beginning."""
        ...

    @property
    def is_empty(self) -> bool:
        """Everything that was taken is at the target."""
        ...

    def is_full(self, state: CopyState) -> bool:
        """The target takes no more than the end of the log, after what is there by this state."""
        ...

    def add(self, state: CopyState, lines: list[Line], after: Position) -> Iterator[CopyState]:
        """Take lines, and give a state whenever lines have come to the target.

        Args:
            state: the last one that was saved, or given by this sink.
            after: the position behind the lines.

        Raises: StartAnew
        """
        ...

    def saved(self) -> None:
        """The state that was given last has been saved."""
        ...

    def abandon(self) -> None:
        """The state that was given last won't be saved, and nothing more is added."""
        ...

    def close(self, state: CopyState, notes: list[Line]) -> CopyState:
        """Bring what is left to the target, with notes at its end. May be repeated.

        Raises: StartAnew
        """
        ...
