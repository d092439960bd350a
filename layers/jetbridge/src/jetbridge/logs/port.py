"""What the services need of log sources, and of the places that logs are copied to."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from jetbridge.aws.records import Record
from jetbridge.contract import LogStream
from jetbridge.contract.lines import Line
from jetbridge.logs.copy_state import CopyState
from jetbridge.logs.position import Position


class StreamMissing(Exception):
    """The log stream or its group doesn't exist."""


class Unreadable(Exception):
    """The stream can't be read, and asking again will not change that; the text says why."""


class StreamClosed(Unreadable):
    """AWS doesn't let Jetbridge read the stream; the text says why."""


class TokenExpired(Exception):
    """A page token is no longer valid: CloudWatch Logs drops them after 24 hours."""


class Busy(Exception):
    """AWS throttled the call, failed, or gave an unknown answer. The same call may succeed
    later."""


class Page(NamedTuple):
    """Attributes:
    lines: may be none, also before the end.
    token: of the next page; at the end, the token that this page was asked for by.
    ingested_at: when CloudWatch Logs took in the latest of the lines, epoch milliseconds.
    """

    lines: list[Line]
    token: str
    ingested_at: int


class LogsSource(Protocol):
    """Reads log streams."""

    def tail(self, stream: LogStream, limit: int) -> list[Line] | None:
        """The last lines, oldest first; None if the stream doesn't exist (yet).

        Raises:
            Unreadable: they can't be read, now or later.
            Busy: they can't be read now.
            NotYet: of several calls, one got no turn.
        """
        ...

    def page(self, stream: LogStream, position: Position) -> Page:
        """The lines that follow, in the order of CloudWatch Logs: at most 1 MB and 10,000.

        They are those behind the position's token, else those from its last line's time on.
        The end is where the token repeats: empty pages are not the end (API reference of
        GetLogEvents).

        Raises:
            StreamMissing, Unreadable, TokenExpired, Busy
        """
        ...


class UploadGone(Exception):
    """A multipart upload doesn't exist (any more), or its parts aren't those that were sent."""


class Objects(Protocol):
    """One S3 bucket's objects. All of an object's parts but the last have at least 5 MiB, and
    there are at most 10,000 (Amazon S3 user guide, "Amazon S3 multipart upload limits")."""

    def put(self, bucket: str, key: str, body: bytes) -> None: ...

    def begin(self, bucket: str, key: str) -> str:
        """Start a multipart upload; returns its id."""
        ...

    def upload(self, bucket: str, key: str, upload: str, number: int, body: bytes) -> str:
        """Write a part, replacing an earlier one of that number (from 1); returns its ETag.

        Raises: UploadGone
        """
        ...

    def complete(self, bucket: str, key: str, upload: str, etags: Sequence[str]) -> None:
        """Make the parts an object.

        Raises: UploadGone
        """
        ...

    def abort(self, bucket: str, key: str, upload: str) -> None:
        """Delete the parts. Nothing happens if there is no such upload."""
        ...

    def size(self, bucket: str, key: str) -> int | None:
        """Size of an object in bytes; None if it doesn't exist."""
        ...

    def read(self, bucket: str, key: str, start: int, end: int) -> bytes:
        """The bytes from ``start`` up to before ``end``."""
        ...


class Streams(Protocol):
    """Writes log streams."""

    def put(self, group: str, stream: str, events: Sequence[tuple[int, str]]) -> int:
        """Write one batch, in the order of its times, making the stream if need be.

        Within the limits of PutLogEvents: 1 MiB, 10,000 events, 24 hours.

        Returns:
            How many events CloudWatch Logs rejected, for being too old or too far ahead.

        Raises: Busy
        """
        ...


class JobRecords(Protocol):
    """AWS Batch's own records."""

    def describe(self, job_ids: list[str]) -> dict[str, Record]:
        """Records of up to 100 jobs by job id; children and nodes count as jobs. Jobs that AWS no
        longer knows are absent."""
        ...

    def failed_children(self, job_id: str, most: int) -> list[str]:
        """Job ids of an array job's failed children, by index."""
        ...


class Copies(Protocol):
    """How far each copy has come."""

    def get(self, key: str) -> CopyState:
        """The state of a copy as last saved (a consistent read); of version 0 if none was."""
        ...

    def save(self, key: str, state: CopyState) -> bool:
        """Save the next state. False if another invocation has already saved a state of this
        version."""
        ...
