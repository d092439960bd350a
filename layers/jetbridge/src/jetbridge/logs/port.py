"""What the services need of log sources and log targets."""

from collections.abc import Iterable
from typing import Protocol

from jetbridge.contract import LogStream, S3LogTarget
from jetbridge.domain.lines import Line


class LogsSource(Protocol):
    """CloudWatch Logs, as it is read."""

    def tail(self, stream: LogStream, limit: int) -> list[Line] | None:
        """The last lines, oldest first; None if the stream doesn't exist (yet)."""
        ...

    def lines(self, stream: LogStream, settle_seconds: float) -> Iterable[Line]:
        """All lines from the first on, in the order of CloudWatch Logs.

        The end is where the page token repeats, and still does ``settle_seconds`` later: empty
        pages are not the end (API reference of GetLogEvents).

        Raises:
            StreamMissing: there is no such stream.
        """
        ...


class StreamMissing(Exception):
    """The log stream or its group doesn't exist."""


class LogsTarget(Protocol):
    """Where Airflow reads a try's log."""

    def write(self, target: S3LogTarget, name: str, lines: Iterable[str]) -> int:
        """Write one named part of the try's log, replacing an earlier one; returns its lines."""
        ...
