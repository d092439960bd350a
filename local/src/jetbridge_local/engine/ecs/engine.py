"""The local ECS: its operations, and the tasks that they start."""

from collections.abc import Mapping
from typing import ClassVar

from ..base import Answer, Engine
from .events import emit_state_change
from .lifecycle import TaskLifecycle
from .operations import EcsOperations
from .task import Task

_OPERATIONS = frozenset(
    {
        "CreateCluster",
        "UpdateCluster",
        "PutClusterCapacityProviders",
        "DescribeClusters",
        "ListClusters",
        "DeleteCluster",
        "RegisterContainerInstance",
        "DescribeContainerInstances",
        "ListContainerInstances",
        "DeregisterContainerInstance",
        "RegisterTaskDefinition",
        "DescribeTaskDefinition",
        "DeregisterTaskDefinition",
        "ListTaskDefinitions",
        "ListTaskDefinitionFamilies",
        "RunTask",
        "StopTask",
        "DescribeTasks",
        "ListTasks",
        "TagResource",
        "UntagResource",
        "ListTagsForResource",
    }
)


class EcsEngine(Engine):
    """ECS on Fargate and EC2, with containers as local processes. Everything is kept in memory."""

    operations: ClassVar[frozenset[str]] = _OPERATIONS
    title = "ECS"
    source = "aws.ecs"

    def _open(self) -> Mapping[str, Answer]:
        self._operations = EcsOperations(self._config, self._launched, self._stopped)
        return self._operations.table()

    def _forget_old(self) -> None:
        self._operations.forget_old()

    def _end_everything(self, reason: str) -> None:
        for task in self._operations.tasks():
            if task.stop("TerminationNotice", reason):
                self._stopped(task)

    def _launched(self, task: Task) -> None:
        self._changed(task)
        self._loop.spawn(self._run(task))

    async def _run(self, task: Task) -> None:
        try:
            await self._drive(
                TaskLifecycle(task, self._config, self._services, self._lock, self._changed)
            )
        finally:
            with self._lock:
                self._operations.task_ended(task)

    def _stopped(self, task: Task) -> None:
        self._changed(task)
        self._loop.soon(task.stop_requested.set)

    def _changed(self, task: Task) -> None:
        emit_state_change(self._emitter, task)
