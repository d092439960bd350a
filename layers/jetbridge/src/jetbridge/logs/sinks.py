"""The interface that copies to S3 and to CloudWatch Logs share: a sink takes the lines."""

from collections.abc import Iterator
from typing import Protocol

from jetbridge.contract.lines import Line
from jetbridge.logs.copy_state import CopyState
from jetbridge.logs.position import Position


class StartOver(Exception):
    """What was at the target has disappeared or was changed, so the copy starts again."""


class Sink(Protocol):
    """Takes the lines of one part in their order. They are at the target only when the sink returns
    a state. To continue from that state, give it the lines after it again.
    """

    @property
    def replaces(self) -> bool:
        """What is brought to the target at once takes the place of an earlier copy: such a copy
        may be repeated from its beginning."""
        ...

    @property
    def is_empty(self) -> bool:
        """Whether all lines that it took are at the target."""
        ...

    def is_full(self, state: CopyState) -> bool:
        """The target takes no more than the end of the log, after what is there by this state."""
        ...

    def add(self, state: CopyState, lines: list[Line], after: Position) -> Iterator[CopyState]:
        """Take lines, and give a state whenever lines have come to the target.

        Args:
            state: the last one that was saved, or given by this sink.
            after: the position behind the lines.

        Raises: StartOver
        """
        ...

    def saved(self) -> None:
        """The last state was saved."""
        ...

    def abandon(self) -> None:
        """The last state won't be saved, and no lines follow."""
        ...

    def close(self, state: CopyState, notes: list[Line]) -> CopyState:
        """Bring the remaining lines to the target, followed by notes. May be repeated.

        Raises: StartOver
        """
        ...
