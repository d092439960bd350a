"""The local AWS Batch: its operations, and the jobs that they start."""

from collections.abc import Mapping
from typing import ClassVar

from ..base import Answer, Engine
from ..config import EngineConfig
from ..ports import EventSink, LogSink, ProcessRegistry, SecretSource
from .capacity import Capacity
from .events import emit_state_change
from .job import Job
from .lifecycle import JobLifecycle
from .operations import BatchOperations
from .task_definitions import Ecs, TaskDefinitions

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
        "TerminateJobs",
        "CancelJob",
        "TagResource",
        "UntagResource",
        "ListTagsForResource",
    }
)


class BatchEngine(Engine):
    """AWS Batch, with containers as local processes. Everything is kept in memory.

    ``ecs`` calls an operation of ECS, in which Batch registers a task definition for its jobs.
    """

    operations: ClassVar[frozenset[str]] = _OPERATIONS
    title = "AWS Batch"
    source = "aws.batch"

    def __init__(
        self,
        config: EngineConfig,
        events: EventSink,
        logs: LogSink,
        secrets: SecretSource,
        processes: ProcessRegistry,
        ecs: Ecs,
    ) -> None:
        self._task_definitions = TaskDefinitions(ecs)
        super().__init__(config, events, logs, secrets, processes)

    def _open(self) -> Mapping[str, Answer]:
        self._operations = BatchOperations(
            self._config, self._submitted, self._terminated, self._capacity_changed
        )
        self._capacity = Capacity(self._operations.queues, self._lock)
        return self._operations.table()

    def _forget_old(self) -> None:
        self._operations.forget_old()

    def _end_everything(self, reason: str) -> None:
        for job in self._operations.jobs():
            for one in (job, *job.children):
                if one.request_termination(reason):
                    self._terminated(one)

    def _submitted(self, job: Job) -> None:
        lifecycle = JobLifecycle(
            job, self._config, self._services, self._capacity, self._lock, self._changed
        )
        self._loop.spawn(self._drive(lifecycle))

    def _terminated(self, job: Job) -> None:
        self._loop.soon(job.termination_requested.set)

    def _capacity_changed(self) -> None:
        self._loop.soon(self._capacity.serve)

    def _changed(self, job: Job) -> None:
        if job.status == "STARTING" and "container" in job.record:
            self._task_definitions.job_starts(job)
        emit_state_change(self._emitter, job)
