"""Reads Container Insights' performance log events of ECS tasks.

A cluster with Container Insights writes one event a minute for each running task into the log group
``/aws/ecs/containerinsights/<cluster>/performance`` (Amazon CloudWatch user guide, "Container
Insights performance log events for Amazon ECS"). CPU is in units of 1/1,024 vCPU, and memory in
MiB. AWS's own examples show this: their ``CpuReserved`` and ``MemoryReserved`` are the values of
the task definition.
"""

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from jetbridge.aws.records import Fields
from jetbridge_cli.aws import Aws
from jetbridge_cli.sizing.advice import Peak

_CPU_UNITS = 1024
# A task's last event may have the time of the minute after its end.
_AFTER_SECONDS = 120
MOST_PAGES = 50
"""A page of FilterLogEvents has up to 10,000 events and 1 MB (API reference). A task's event has
some 700 bytes, so these pages cover 50 tasks that ran for a day."""

_OFF = (
    "Container Insights is off on cluster {cluster}: there is no log group {group}. Set "
    "containerInsights of the cluster, or of the compute environment (ecsSettings), to enabled"
)
_DENIED = "logs:FilterLogEvents on {group} is denied"


@dataclass(frozen=True, kw_only=True)
class Peaks:
    """Attributes:
    by_task: the peak of each task that has data, by task id.
    note: why data is missing. "" if everything was read.
    """

    by_task: dict[str, Peak] = field(default_factory=dict)
    note: str = ""


def group_of(cluster: str) -> str:
    return f"/aws/ecs/containerinsights/{cluster}/performance"


def peaks_of(
    aws: Aws,
    cluster: str,
    task_ids: Collection[str],
    since: float,
    until: float,
    most_pages: int = MOST_PAGES,
) -> Peaks:
    """The peaks of tasks that ran on a cluster between two times (epoch seconds).

    FilterLogEvents is free, and `jetbridge logs` needs the same permission. Raises ClientError.
    """
    group = group_of(cluster)
    found: dict[str, Peak] = {}
    try:
        for number, page in enumerate(_pages(aws, group, task_ids, since, until)):
            if number == most_pages:
                note = (
                    f"the log group {group} has more than {most_pages} pages of this time: the "
                    "rest was not read, so ask for a shorter time"
                )
                return Peaks(by_task=found, note=note)
            for event in page["events"]:
                _take(found, task_ids, str(event["message"]))
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code == "ResourceNotFoundException":
            return Peaks(note=_OFF.format(cluster=cluster, group=group))
        if code == "AccessDeniedException":
            return Peaks(note=_DENIED.format(group=group))
        raise
    if not found:
        note = (
            f"Container Insights has nothing on these runs on cluster {cluster}: it writes once a "
            f"minute, and {group} keeps what it has for one day unless its retention says otherwise"
        )
        return Peaks(note=note)
    return Peaks(by_task=found)


def _pages(
    aws: Aws, group: str, task_ids: Collection[str], since: float, until: float
) -> Iterator[Any]:
    pattern = '{ $.Type = "Task" }'
    if len(task_ids) == 1:
        pattern = f'{{ ($.Type = "Task") && ($.TaskId = "{next(iter(task_ids))}") }}'
    return iter(
        aws.logs.get_paginator("filter_log_events").paginate(
            logGroupName=group,
            startTime=int(since * 1000),
            endTime=int((until + _AFTER_SECONDS) * 1000),
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
