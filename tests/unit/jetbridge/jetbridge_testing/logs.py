"""CloudWatch Logs as its pages come: empty ones, repeated tokens, late lines."""

from collections.abc import Callable
from typing import Any

from jetbridge.contract import LogStream, S3LogTarget
from jetbridge.domain.lines import Line
from jetbridge.logs.port import StreamMissing

Event = dict[str, Any]


class ResourceNotFoundException(Exception):
    pass


class PagingLogsClient:
    """``get_log_events`` over pages of events; a page may be empty anywhere.

    Forward tokens are ``f/<n>``: the next page is the n-th; at the end the token repeats. Late
    pages are added by ``pages.append``, as a container's last lines are.
    """

    class exceptions:
        ResourceNotFoundException = ResourceNotFoundException

    def __init__(self, pages: list[list[Event]] | None) -> None:
        self.pages = pages
        self.calls: list[dict[str, Any]] = []

    def get_log_events(self, **parameters: Any) -> dict[str, Any]:
        self.calls.append(parameters)
        assert len(self.calls) < 200, "reads for ever"
        if self.pages is None:
            raise ResourceNotFoundException
        if parameters["startFromHead"]:
            return self._forward(parameters.get("nextToken", "f/0"))
        return self._backward(parameters.get("nextToken", f"b/{len(self.pages)}"))

    def _forward(self, token: str) -> dict[str, Any]:
        assert self.pages is not None
        number = int(token.removeprefix("f/"))
        events = self.pages[number] if number < len(self.pages) else []
        following = min(number + 1, len(self.pages))
        return {"events": events, "nextForwardToken": f"f/{following}", "nextBackwardToken": "b/0"}

    def _backward(self, token: str) -> dict[str, Any]:
        assert self.pages is not None
        number = int(token.removeprefix("b/"))
        events = self.pages[number - 1] if number else []
        before = max(number - 1, 0)
        return {"events": events, "nextForwardToken": "f/0", "nextBackwardToken": f"b/{before}"}


def log_event(timestamp: int, message: str) -> Event:
    return {"timestamp": timestamp, "message": message, "ingestionTime": timestamp + 400}


class MemoryLogs:
    """``LogsSource`` over lines by stream name; a stream that isn't there is missing."""

    def __init__(self, streams: dict[str, list[str]], on_tail: Callable[[], None] | None = None):
        self.streams = streams
        self.reads = 0
        self._on_tail = on_tail

    def tail(self, stream: LogStream, limit: int) -> list[Line] | None:
        self.reads += 1
        if self._on_tail is not None:
            self._on_tail()
        lines = self.streams.get(stream.stream)
        return None if lines is None else [Line(n, text) for n, text in enumerate(lines)][-limit:]

    def lines(self, stream: LogStream, settle_seconds: float) -> list[Line]:
        if stream.stream not in self.streams:
            raise StreamMissing(stream.stream)
        return [Line(n, text) for n, text in enumerate(self.streams[stream.stream])]


class MemoryTarget:
    """``LogsTarget`` whose objects are lists of lines, by full key."""

    def __init__(self) -> None:
        self.objects: dict[str, list[str]] = {}

    def write(self, target: S3LogTarget, name: str, lines: Any) -> int:
        written = list(lines)
        self.objects[f"{target.key_prefix}.{name}"] = written
        return len(written)
