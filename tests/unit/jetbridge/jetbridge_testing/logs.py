"""CloudWatch Logs in memory: as a port, and as clients that answer and fail as AWS's do."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError, ReadTimeoutError

from jetbridge.contract import LogStream
from jetbridge.contract.lines import Line
from jetbridge.logs.port import Page, StreamMissing
from jetbridge.logs.position import Position
from jetbridge_testing.clock import Clock

Event = dict[str, Any]


def client_error(code: str, message: str = "", status: int = 400) -> ClientError:
    return ClientError(
        {
            "Error": {"Code": code, "Message": message},
            "ResponseMetadata": {
                "HTTPStatusCode": status,
                "RequestId": "",
                "HostId": "",
                "HTTPHeaders": {},
                "RetryAttempts": 0,
            },
        },
        "Operation",
    )


def log_event(timestamp: int, message: str) -> Event:
    return {"timestamp": timestamp, "message": message, "ingestionTime": timestamp + 400}


class PagingLogsClient:
    """``get_log_events`` over pages of events; a page may be empty anywhere.

    Forward tokens are ``f/<n>``: the next page is the n-th; at the end the token repeats. Late
    pages are added by ``pages.append``, as a container's last lines are.
    """

    def __init__(self, pages: list[list[Event]] | None) -> None:
        self.pages = pages
        self.calls: list[dict[str, Any]] = []

    def get_log_events(self, **parameters: Any) -> dict[str, Any]:
        self.calls.append(parameters)
        assert len(self.calls) < 200, "reads for ever"
        if self.pages is None:
            raise client_error("ResourceNotFoundException", "The specified log stream ...")
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


@dataclass
class Faults:
    """How often, of all calls, something is wrong (0 to 1)."""

    empty: float = 0.0
    throttled: float = 0.0
    broken: float = 0.0
    expired: float = 0.0


@dataclass
class FaultyLogsClient:
    """``get_log_events`` of one stream, whose lines come in while it is read.

    An event is there when its ingestion time has come. Pages have any number of events up to
    ``most``; some are empty though more follow; the token at the end is the one that was given.
    """

    events: list[Event]
    clock: Clock
    rng: random.Random
    faults: Faults = field(default_factory=Faults)
    most: int = 10
    reads: int = 0

    def get_log_events(self, **parameters: Any) -> dict[str, Any]:
        self.reads += 1
        self._fail("nextToken" in parameters)
        assert parameters["startFromHead"]
        arrived = self._arrived()
        token = parameters.get("nextToken")
        start = self._start(parameters, arrived)
        if start < arrived and self.rng.random() < self.faults.empty:
            return _page([], f"f/{start}/{self.reads}")
        end = min(arrived, start + self.rng.randint(1, self.most))
        if end == start and token is not None:
            return _page([], token)
        return _page(self.events[start:end], f"f/{end}/{self.reads}")

    def _arrived(self) -> int:
        now = int(self.clock() * 1000)
        return sum(event["ingestionTime"] <= now for event in self.events)

    def _start(self, parameters: dict[str, Any], arrived: int) -> int:
        if "nextToken" in parameters:
            return int(parameters["nextToken"].split("/")[1])
        since = parameters.get("startTime", 0)
        return sum(event["timestamp"] < since for event in self.events[:arrived])

    def _fail(self, with_token: bool) -> None:
        chance = self.rng.random()
        if chance < self.faults.throttled:
            raise client_error("ThrottlingException", "Rate exceeded")
        chance -= self.faults.throttled
        if chance < self.faults.broken:
            if self.rng.random() < 0.5:
                raise client_error("ServiceUnavailableException", "", 503)
            raise ReadTimeoutError(endpoint_url="https://logs")
        chance -= self.faults.broken
        if with_token and chance < self.faults.expired:
            raise client_error("InvalidParameterException", "The specified nextToken is invalid.")


def _page(events: list[Event], token: str) -> dict[str, Any]:
    return {"events": events, "nextForwardToken": token, "nextBackwardToken": "b/0"}


@dataclass
class StreamsClient:
    """``put_log_events`` and ``create_log_stream``, strict about their limits."""

    clock: Clock
    rng: random.Random = field(default_factory=random.Random)
    faults: Faults = field(default_factory=Faults)
    streams: dict[tuple[str, str], list[Event]] = field(default_factory=dict)
    batches: list[list[Event]] = field(default_factory=list)
    days: int = 14

    def create_log_stream(self, logGroupName: str, logStreamName: str) -> dict[str, Any]:
        if (logGroupName, logStreamName) in self.streams:
            raise client_error("ResourceAlreadyExistsException")
        self.streams[logGroupName, logStreamName] = []
        return {}

    def put_log_events(
        self, logGroupName: str, logStreamName: str, logEvents: list[Event]
    ) -> dict[str, Any]:
        if self.rng.random() < self.faults.throttled:
            raise client_error("ThrottlingException", "Rate exceeded")
        if (logGroupName, logStreamName) not in self.streams:
            raise client_error("ResourceNotFoundException")
        times = [event["timestamp"] for event in logEvents]
        if times != sorted(times) or times[-1] - times[0] > 24 * 3600 * 1000:
            raise client_error("InvalidParameterException", "order")
        sizes = [len(event["message"].encode()) + 26 for event in logEvents]
        if not 1 <= len(sizes) <= 10_000 or sum(sizes) > 1_048_576:
            raise client_error("InvalidParameterException", "size")
        oldest = int((self.clock() - self.days * 24 * 3600) * 1000)
        old = sum(time < oldest for time in times)
        newest = int((self.clock() + 2 * 3600) * 1000)
        new = sum(time > newest for time in times)
        taken = logEvents[old : len(logEvents) - new]
        self.streams[logGroupName, logStreamName] += taken
        self.batches.append(taken)
        info = {"tooOldLogEventEndIndex": old} if old else {}
        info |= {"tooNewLogEventStartIndex": len(times) - new} if new else {}
        return {"rejectedLogEventsInfo": info} if info else {}


class MemoryLogs:
    """``LogsSource`` over lines by stream name; a stream that isn't there is missing."""

    def __init__(self, streams: dict[str, list[str]], on_tail: Callable[[], None] | None = None):
        self.streams = streams
        self.reads = 0
        self.on_tail = on_tail

    def tail(self, stream: LogStream, limit: int) -> list[Line] | None:
        self.reads += 1
        if self.on_tail is not None:
            self.on_tail()
        lines = self.streams.get(stream.stream)
        return None if lines is None else [Line(n, text) for n, text in enumerate(lines)][-limit:]

    def page(self, stream: LogStream, position: Position) -> Page:
        self.reads += 1
        if stream.stream not in self.streams:
            raise StreamMissing(stream.stream)
        if position.token is not None:
            return Page([], position.token, 0)
        lines = [Line(n, text) for n, text in enumerate(self.streams[stream.stream])]
        return Page(lines, "end", 0)


class FreeTurns:
    """``Pacer`` that never makes anyone wait, and counts."""

    def __init__(self) -> None:
        self.taken: list[str] = []

    def wait_for_turn(
        self, backend: str, longest_wait: float | None = None, turns: int = 1
    ) -> None:
        self.taken += [backend] * turns
