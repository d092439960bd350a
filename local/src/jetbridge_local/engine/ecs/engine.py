"""The local ECS's door: its thread, its lock, its operations."""

import asyncio
import copy
import threading
from typing import Any, ClassVar

from ..config import EngineConfig
from ..containers import Awslogs, ContainerServices
from ..errors import AwsError
from ..events import EventEmitter
from ..loop import EngineLoop
from ..ports import EventSink, LogSink, ProcessRegistry, SecretSource
from ..runner import ProcessRunner
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


class EcsEngine:
    """ECS on Fargate, with containers as local processes. Everything is kept in memory."""

    operations: ClassVar[frozenset[str]] = _OPERATIONS

    def __init__(
        self,
        config: EngineConfig,
        events: EventSink,
        logs: LogSink,
        secrets: SecretSource,
        processes: ProcessRegistry,
    ) -> None:
        self._config = config
        self._lock = threading.RLock()
        self._loop = EngineLoop("ecs")
        self._emitter = EventEmitter(config, events, "aws.ecs")
        self._awslogs = Awslogs(config, logs)
        self._services = ContainerServices(
            runner=ProcessRunner(config, processes),
            awslogs=self._awslogs,
            secrets=secrets,
            time_scale=config.time_scale,
        )
        self._operations = EcsOperations(config, self._launched, self._stopped)
        self._table = self._operations.table()
        self._lifecycles: dict[TaskLifecycle, asyncio.Task[None]] = {}
        self._closed = False

    def handle(self, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """Answer one call of the API, in its JSON's own terms (times in seconds).

        Thread-safe, and quick: it never waits for a container. Raises AwsError.
        """
        answer = self._table.get(operation)
        if answer is None:
            raise AwsError(
                "UnsupportedOperationException", f"The local ECS doesn't have {operation}.", 501
            )
        with self._lock:
            if self._closed:
                raise AwsError("ServerException", "The local ECS is shutting down.", 500)
            self._operations.forget_old()
            return copy.deepcopy(answer(parameters))

    def close(self) -> None:
        """Stop all tasks, SIGTERM then SIGKILL; returns when nothing is left of them."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            for task in self._operations.tasks():
                if task.stop("TerminationNotice", "The local cloud is shutting down"):
                    self._stopped(task)
        self._loop.run(self._finish())
        self._loop.close()
        self._emitter.close()

    def _launched(self, task: Task) -> None:
        self._changed(task)
        self._loop.spawn(self._drive(task))

    def _stopped(self, task: Task) -> None:
        self._changed(task)
        self._loop.soon(task.stop_requested.set)

    def _changed(self, task: Task) -> None:
        emit_state_change(self._emitter, task)

    async def _drive(self, task: Task) -> None:
        lifecycle = TaskLifecycle(task, self._config, self._services, self._lock, self._changed)
        driver = asyncio.create_task(lifecycle.run())
        self._lifecycles[lifecycle] = driver
        try:
            await driver
        finally:
            del self._lifecycles[lifecycle]
            with self._lock:
                self._operations.task_ended(task)

    async def _finish(self) -> None:
        """Wait for the tasks to end. What was spawned before this has begun by now."""
        if self._lifecycles:
            await asyncio.wait(self._lifecycles.values(), timeout=self._config.close_seconds)
            remaining = dict(self._lifecycles)
            await asyncio.gather(*(lifecycle.kill() for lifecycle in remaining))
            await asyncio.gather(*remaining.values())
        await self._awslogs.close()
