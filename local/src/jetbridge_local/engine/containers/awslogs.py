"""The awslogs driver: the output of containers becomes CloudWatch Logs events."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..config import EngineConfig
from ..events import milliseconds
from ..ports import LogEvent, LogSink
from ..runner.base import Stream
from .lines import LineSplitter

logger = logging.getLogger(__name__)

# PutLogEvents: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/
_MAXIMUM_EVENTS = 10_000
_MAXIMUM_BYTES = 1_048_576
_EVENT_OVERHEAD_BYTES = 26


@dataclass(frozen=True)
class LogTarget:
    """A stream, and whether the driver may create its group."""

    group: str
    stream: str
    create_group: bool = False

    @classmethod
    def from_configuration(
        cls, configuration: Mapping[str, Any] | None, container: str, task_id: str
    ) -> "LogTarget | None":
        """The target that a definition's ``logConfiguration`` describes; None unless its driver is
        awslogs.

        The stream is ``prefix/container/task id``. Without a prefix, it is the task id; docker
        would use the container's id.
        """
        if not configuration or configuration["logDriver"] != "awslogs":
            return None
        options = configuration.get("options", {})
        prefix = options.get("awslogs-stream-prefix")
        return cls(
            options.get("awslogs-group", ""),
            f"{prefix}/{container}/{task_id}" if prefix else task_id,
            options.get("awslogs-create-group", "").lower() == "true",
        )


class Awslogs:
    """All log streams of one engine."""

    def __init__(self, config: EngineConfig, sink: LogSink) -> None:
        self._sink = sink
        self._flush_seconds = config.log_flush_seconds
        self._lag_seconds = config.log_lag_seconds
        self._open: set[AwslogsStream] = set()

    async def open(self, target: LogTarget) -> "AwslogsStream":
        """Make the stream. Raises LogGroupMissing."""
        await asyncio.to_thread(
            self._sink.ensure_stream, target.group, target.stream, target.create_group
        )
        stream = AwslogsStream(
            target, self._sink, self._flush_seconds, self._lag_seconds, self._open.discard
        )
        self._open.add(stream)
        return stream

    async def close(self) -> None:
        """Send all events that still wait, even if a lag is set."""
        await asyncio.gather(*(stream.flush(0.0) for stream in list(self._open)))


class AwslogsStream:
    """One container's stream. ``write`` and ``close`` are called in the engine's loop."""

    def __init__(
        self,
        target: LogTarget,
        sink: LogSink,
        flush_seconds: float,
        lag_seconds: float,
        done: Any,
    ) -> None:
        self._target = target
        self._sink = sink
        self._flush_seconds = flush_seconds
        self._lag_seconds = lag_seconds
        self._done = done
        self._splitters: dict[Stream, LineSplitter] = {
            "stdout": LineSplitter(),
            "stderr": LineSplitter(),
        }
        self._waiting: deque[LogEvent] = deque()
        self._sending = asyncio.Lock()
        self._timer: asyncio.Task[None] | None = None
        self._closed = False

    def write(self, stream: Stream, data: bytes) -> None:
        """Accept what the container wrote now."""
        self._add(self._splitters[stream].feed(data))

    async def close(self) -> None:
        """End the stream. On return, everything has been sent, unless a lag is set."""
        for splitter in self._splitters.values():
            self._add(splitter.close())
        self._closed = True
        await self.flush(self._lag_seconds)

    async def flush(self, lag_seconds: float) -> None:
        """Send the events that are older than the lag."""
        async with self._sending:
            due = milliseconds(time.time() - lag_seconds)
            events = []
            while self._waiting and self._waiting[0]["timestamp"] <= due:
                events.append(self._waiting.popleft())
            for batch in _batches(events):
                try:
                    await asyncio.to_thread(
                        self._sink.put, self._target.group, self._target.stream, batch
                    )
                except Exception:
                    logger.exception("The log sink refused %d events", len(batch))
        if self._closed and not self._waiting:
            self._done(self)

    def _add(self, lines: list[str]) -> None:
        now = milliseconds(time.time())
        self._waiting.extend(LogEvent(timestamp=now, message=line) for line in lines)
        if self._waiting and self._timer is None:
            self._timer = asyncio.create_task(self._flush_later())

    async def _flush_later(self) -> None:
        while self._waiting:
            await asyncio.sleep(self._flush_seconds)
            await self.flush(self._lag_seconds)
        self._timer = None


def _batches(events: list[LogEvent]) -> Iterator[list[LogEvent]]:
    batch: list[LogEvent] = []
    size = 0
    for event in events:
        weight = len(event["message"].encode()) + _EVENT_OVERHEAD_BYTES
        if batch and (len(batch) == _MAXIMUM_EVENTS or size + weight > _MAXIMUM_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(event)
        size += weight
    if batch:
        yield batch
