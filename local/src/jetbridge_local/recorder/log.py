"""The recorded calls."""

import threading
from collections import deque
from dataclasses import asdict, dataclass, field
from typing import Any

from jetbridge_local.consumption import Consumed

MAX_CALLS = 50_000


@dataclass(frozen=True, kw_only=True)
class Call:
    """One API request.

    ``time`` is its arrival, in seconds since the epoch. ``caller`` is the application id that the
    client sends in its User-Agent (a function's name), else its access key id. ``identifiers`` are
    the request's parameters that say which resources it is about. ``consumed`` has DynamoDB's units
    for each item that it wrote and for each read.
    """

    time: float
    service: str
    operation: str
    status: int
    caller: str
    access_key: str
    user_agent: str
    identifiers: dict[str, Any]
    consumed: list[Consumed] = field(default_factory=list)


class CallLog:
    """The newest calls, oldest first, at most ``limit``."""

    def __init__(self, limit: int = MAX_CALLS) -> None:
        self._calls: deque[Call] = deque(maxlen=limit)
        self._lock = threading.Lock()

    def add(self, call: Call) -> None:
        with self._lock:
            self._calls.append(call)

    def since(self, epoch_seconds: float = 0.0) -> list[dict[str, Any]]:
        """The calls that arrived at or after a time, as JSON objects."""
        with self._lock:
            calls = [call for call in self._calls if call.time >= epoch_seconds]
        return [asdict(call) for call in calls]

    def clear(self) -> None:
        with self._lock:
            self._calls.clear()
