"""Container Insights: a task's use of CPU and memory, as performance log events.

Source for the events' form, their log group and the interval of a minute: Amazon CloudWatch user
guide, "Container Insights performance log events for Amazon ECS". Source for their log streams:
streams that AWS made (``FargateTelemetry-1161``). Network and storage aren't measured here, so they
are left out.
"""

import asyncio
import json
import time
import zlib
from collections.abc import Callable, Mapping
from typing import Any

from ..config import EngineConfig
from ..events import milliseconds
from ..ports import LogEvent, LogSink
from ..runner.usage import Usage

_CPU_UNITS = 1024
_MIB = 1024 * 1024
_STREAMS = 10_000


class ContainerInsights:
    """Writes the events of one engine's tasks."""

    def __init__(self, config: EngineConfig, sink: LogSink) -> None:
        self._sink = sink
        self._seconds = config.insights_seconds

    async def follow(
        self, cluster: str, task_id: str, facts: Mapping[str, Any], usage: Callable[[], Usage]
    ) -> None:
        """Write an event at the end of each interval, until cancelled.

        Args:
            facts: what each event contains besides the figures.
            usage: what all containers of the task have used since its start.
        """
        group = f"/aws/ecs/containerinsights/{cluster}/performance"
        stream = f"FargateTelemetry-{zlib.crc32(task_id.encode()) % _STREAMS}"
        before, began = Usage(), time.monotonic()
        while True:
            await asyncio.sleep(self._seconds)
            now, ended = await asyncio.to_thread(usage), time.monotonic()
            cpu = max(0.0, now.cpu_seconds - before.cpu_seconds) / (ended - began)
            event = {
                "Version": "0",
                "Type": "Task",
                "TaskId": task_id,
                "ClusterName": cluster,
                **facts,
                "Timestamp": milliseconds(time.time()),
                "CpuUtilized": cpu * _CPU_UNITS,
                "MemoryUtilized": round(now.memory_bytes / _MIB),
            }
            await asyncio.to_thread(self._put, group, stream, event)
            before, began = now, ended

    def _put(self, group: str, stream: str, event: dict[str, Any]) -> None:
        self._sink.ensure_stream(group, stream, create_group=True)
        line = LogEvent(timestamp=event["Timestamp"], message=json.dumps(event))
        self._sink.put(group, stream, [line])
