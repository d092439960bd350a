"""What the services need for showing lines while containers run."""

from typing import NamedTuple, Protocol

from jetbridge.contract import S3LogTarget
from jetbridge.logs.live.pieces import Piece
from jetbridge.logs.live.streams import LiveStream, Named


class Progress(NamedTuple):
    """Attributes:
    sequence: number of the newest piece or an earlier one; 0 at first.
    closed: the run's log has been copied, so live lines are no longer shown.
    """

    sequence: int = 0
    closed: bool = False


class Live(Protocol):
    """Which run a log stream belongs to, and how far it was relayed. Reads are consistent."""

    def note(self, named: Named) -> None:
        """Record which run a stream belongs to. Repeating it is harmless."""
        ...

    def find(self, group: str, name: str) -> LiveStream | None:
        """Which run a stream belongs to; None if that isn't recorded (yet)."""
        ...

    def progress(self, run_id: str) -> Progress: ...

    def advance(self, run_id: str, sequence: int) -> None:
        """Raise the sequence of the newest piece; a lower one changes nothing."""
        ...

    def close(self, run_id: str) -> None:
        """From now on, no lines of the run are shown."""
        ...


class Stored(NamedTuple):
    """A piece as it was read; ``tag`` changes with each write."""

    piece: Piece
    tag: str


class Pieces(Protocol):
    """Places beside the log of a try, each of which holds a piece or none."""

    def read(self, target: S3LogTarget, number: int) -> Stored | None:
        """None where there is none. Raises PermissionError where its KMS key is denied."""
        ...

    def write(self, target: S3LogTarget, number: int, piece: Piece, before: str | None) -> bool:
        """Put a piece in its place, if the piece there still has the tag ``before``, or, with None,
        if the place is empty; otherwise returns False. Raises PermissionError where its KMS key is
        denied."""
        ...

    def remove(self, target: S3LogTarget) -> None:
        """Empty all places."""
        ...
