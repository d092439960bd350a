"""Reads Container Insights' performance log events of ECS tasks.

A cluster with Container Insights writes one event a minute for each running task into the log group
``/aws/ecs/containerinsights/<cluster>/performance`` (Amazon CloudWatch user guide, "Container
Insights performance log events for Amazon ECS"). CPU is in units of 1/1,024 vCPU, and memory in
MiB. AWS's own examples show this: their ``CpuReserved`` and ``MemoryReserved`` are the values of
the task definition.
"""

import json
import math
from collections.abc import Callable, Collection, Iterator
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from msgspec import Struct

from jetbridge.aws.records import Fields
from jetbridge.sizing.advice import Peak
from jetbridge.sizing.port import TASK_ENDS_SECONDS, Peaks

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

_CPU_UNITS = 1024
MOST_PAGES = 50
"""A page of FilterLogEvents has up to 10,000 events and 1 MB (API reference). A task's event has
some 700 bytes, so these pages cover 50 tasks that ran for a day."""

_OFF = (
    "Container Insights is off on cluster {cluster}: there is no log group {group}. Set "
    "containerInsights of the cluster, or of the compute environment (ecsSettings), to enabled"
)
_CUT = (
    "the log group {group} has too many pages of this time: the rest was not read, so ask for a "
    "shorter time"
)
_NOTHING = (
    "Container Insights has nothing on these runs on cluster {cluster}: it writes once a minute, "
    "and {group} keeps what it has for one day unless its retention says otherwise"
)
_DENIED = "logs:FilterLogEvents on {group} is denied"


def group_of(cluster: str) -> str:
    return f"/aws/ecs/containerinsights/{cluster}/performance"


class PerformanceEvents(Struct, frozen=True):
    """``Insights`` by FilterLogEvents, which is free.

    Attributes:
        most_pages: how many pages of one cluster are read.
        remaining: how many seconds there are left to read.
    """

    client: "CloudWatchLogsClient"
    most_pages: int = MOST_PAGES
    remaining: Callable[[], float] = lambda: math.inf

    def peaks_of(
        self, cluster: str, task_ids: Collection[str], since: float, until: float
    ) -> Peaks:
        """Raises ClientError."""
        group = group_of(cluster)
        found: dict[str, Peak] = {}
        last = since
        try:
            for number, page in enumerate(self._pages(group, task_ids, since, until)):
                if number == self.most_pages or self.remaining() <= 0:
                    return Peaks(by_task=found, note=_CUT.format(group=group), read_until=last)
                for event in page["events"]:
                    last = max(last, event["timestamp"] / 1000)
                    _take(found, task_ids, str(event["message"]))
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "ResourceNotFoundException":
                return Peaks(note=_OFF.format(cluster=cluster, group=group))
            if code == "AccessDeniedException":
                return Peaks(note=_DENIED.format(group=group))
            raise
        if not found:
            return Peaks(note=_NOTHING.format(cluster=cluster, group=group))
        return Peaks(by_task=found)

    def _pages(
        self, group: str, task_ids: Collection[str], since: float, until: float
    ) -> Iterator[Any]:
        pattern = '{ $.Type = "Task" }'
        if len(task_ids) == 1:
            pattern = f'{{ ($.Type = "Task") && ($.TaskId = "{next(iter(task_ids))}") }}'
        return iter(
            self.client.get_paginator("filter_log_events").paginate(
                logGroupName=group,
                startTime=int(since * 1000),
                endTime=int((until + TASK_ENDS_SECONDS) * 1000),
                filterPattern=pattern,
            )
        )


def _take(found: dict[str, Peak], task_ids: Collection[str], message: str) -> None:
    """Update a task's peak from an event. Ignores events that aren't about tasks or can't be
    read."""
    try:
        record = json.loads(message)
    except ValueError:
        return
    event = Fields(record if isinstance(record, dict) else {})
    task_id = event.name("TaskId")
    if event.name("Type") != "Task" or task_id not in task_ids:
        return
    cpu, memory = _number(record.get("CpuUtilized")), _number(record.get("MemoryUtilized"))
    if cpu is None or memory is None:
        return
    before = found.get(task_id, Peak(0.0, 0.0))
    found[task_id] = Peak(max(before.vcpu, cpu / _CPU_UNITS), max(before.memory_mib, memory))


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value < 1e9 else None
