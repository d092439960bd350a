"""What a warm function remembers."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, NamedTuple, TypeVar

from jetbridge.contract import S3LogTarget
from jetbridge.logs.live.port import Progress
from jetbridge.logs.live.streams import LiveStream

RUN_SECONDS = 10.0
UNKNOWN_SECONDS = 10.0
# A stream that didn't turn up isn't waited for again.
FOREIGN_SECONDS = 900.0
STREAM_SECONDS = 3600.0
_ENTRIES = 5_000

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Remembered(Generic[Key, Value]):
    """A cache of at most ``entries`` values, each with its own lifetime; the oldest are dropped."""

    def __init__(self, clock: Callable[[], float], entries: int = _ENTRIES) -> None:
        self._clock = clock
        self._entries = entries
        self._kept: OrderedDict[Key, tuple[float, Value | None]] = OrderedDict()

    def get(self, key: Key) -> Value | None:
        until, value = self._kept.get(key, (0.0, None))
        return value if self._clock() < until else None

    def put(self, key: Key, value: Value, seconds: float) -> Value:
        self._kept[key] = (self._clock() + seconds, value)
        self._kept.move_to_end(key)
        if len(self._kept) > self._entries:
            self._kept.popitem(last=False)
        return value

    def replace(self, key: Key, value: Value) -> None:
        """Replace a value; its lifetime stays."""
        if key in self._kept:
            self._kept[key] = (self._kept[key][0], value)


class KnownRun(NamedTuple):
    targets: list[S3LogTarget]
    progress: Progress


StreamName = tuple[str, str]


class Memory:
    """Cache: which run a log stream belongs to, and how far runs are."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.streams: Remembered[StreamName, LiveStream] = Remembered(clock)
        self.unknown: Remembered[StreamName, bool] = Remembered(clock)
        self.waited_for: Remembered[StreamName, bool] = Remembered(clock)
        self.runs: Remembered[str, KnownRun] = Remembered(clock)
