"""State-change events of tasks.

Shape: AmazonECS developer guide, ecs_task_events.html, and API_Task: like DescribeTasks, but times
are ISO-8601 text, there are no tags, and a network attachment's type is ``eni``.
"""

import copy
import time
from typing import Any

from ..events import EventEmitter, iso_milliseconds
from .task import Task

DETAIL_TYPE = "ECS Task State Change"
_TIMES = (
    "connectivityAt",
    "createdAt",
    "executionStoppedAt",
    "pullStartedAt",
    "pullStoppedAt",
    "startedAt",
    "stoppedAt",
    "stoppingAt",
)


def emit_state_change(emitter: EventEmitter, task: Task) -> None:
    """Send the task's present record. The engine's lock is held."""
    emitter.emit(DETAIL_TYPE, task.arn, event_detail(task.record, time.time()))


def event_detail(record: dict[str, Any], now: float) -> dict[str, Any]:
    """The ``detail`` for a task's record."""
    detail = copy.deepcopy(record)
    for name in _TIMES:
        if name in detail:
            detail[name] = iso_milliseconds(detail[name])
    for attachment in detail["attachments"]:
        attachment["type"] = "eni"
    detail["updatedAt"] = iso_milliseconds(now)
    return detail
