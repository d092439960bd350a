"""The local AWS Batch's door: its thread, its lock, its operations."""

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
from .capacity import Capacity
from .events import emit_state_change
from .job import Job
from .lifecycle import JobLifecycle
from .operations import BatchOperations

_OPERATIONS = frozenset(
    {
        "CreateComputeEnvironment",
        "DescribeComputeEnvironments",
        "UpdateComputeEnvironment",
        "DeleteComputeEnvironment",
        "CreateJobQueue",
        "DescribeJobQueues",
        "UpdateJobQueue",
        "DeleteJobQueue",
        "RegisterJobDefinition",
        "DescribeJobDefinitions",
        "DeregisterJobDefinition",
        "SubmitJob",
        "DescribeJobs",
        "ListJobs",
        "TerminateJob",
        "CancelJob",
        "TagResource",
        "UntagResource",
        "ListTagsForResource",
    }
)


class BatchEngine:
    """AWS Batch, with containers as local processes. Everything is kept in memory."""

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
        self._loop = EngineLoop("batch")
        self._emitter = EventEmitter(config, events, "aws.batch")
        self._awslogs = Awslogs(config, logs)
        self._services = ContainerServices(
            runner=ProcessRunner(config, processes),
            awslogs=self._awslogs,
            secrets=secrets,
            time_scale=config.time_scale,
        )
        self._operations = BatchOperations(
            config, self._submitted, self._terminated, self._capacity_changed
        )
        self._capacity = Capacity(self._operations.queues, self._lock)
        self._table = self._operations.table()
        self._lifecycles: dict[JobLifecycle, asyncio.Task[None]] = {}
        self._closed = False

    def handle(self, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """Answer one call of the API, in its JSON's own terms (times in milliseconds).

        Thread-safe, and quick: it never waits for a container. Raises AwsError.
        """
        answer = self._table.get(operation)
        if answer is None:
            raise AwsError(
                "UnsupportedOperationException",
                f"The local AWS Batch doesn't have {operation}.",
                501,
            )
        with self._lock:
            if self._closed:
                raise AwsError("ServerException", "The local AWS Batch is shutting down.", 500)
            self._operations.forget_old()
            return copy.deepcopy(answer(parameters))

    def close(self) -> None:
        """End all jobs, SIGTERM then SIGKILL; returns when nothing is left of them."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            for job in self._operations.jobs():
                for one in (job, *job.children):
                    if one.request_termination("The local cloud is shutting down"):
                        self._terminated(one)
        self._loop.run(self._finish())
        self._loop.close()
        self._emitter.close()

    def _submitted(self, job: Job) -> None:
        self._loop.spawn(self._drive(job))

    def _terminated(self, job: Job) -> None:
        self._loop.soon(job.termination_requested.set)

    def _capacity_changed(self) -> None:
        self._loop.soon(self._capacity.serve)

    def _changed(self, job: Job) -> None:
        emit_state_change(self._emitter, job)

    async def _drive(self, job: Job) -> None:
        lifecycle = JobLifecycle(
            job, self._config, self._services, self._capacity, self._lock, self._changed
        )
        driver = asyncio.create_task(lifecycle.run())
        self._lifecycles[lifecycle] = driver
        try:
            await driver
        finally:
            del self._lifecycles[lifecycle]

    async def _finish(self) -> None:
        """Wait for the jobs to end. What was spawned before this has begun by now."""
        if self._lifecycles:
            await asyncio.wait(self._lifecycles.values(), timeout=self._config.close_seconds)
            remaining = dict(self._lifecycles)
            await asyncio.gather(*(lifecycle.kill() for lifecycle in remaining))
            await asyncio.gather(*remaining.values())
        await self._awslogs.close()
