"""What an attempt writes into its job's record, for an ECS task or a pod on EKS."""

from typing import Protocol

from ..config import EngineConfig
from ..containers import StartFailure, TaskContainer
from .job import Job
from .pod_record import PodRecord
from .task_record import TaskRecord


class AttemptRecord(Protocol):
    """The record of an attempt. The engine's lock is held in all methods except ``containers``."""

    def containers(self) -> list[TaskContainer]: ...

    def starts(self) -> None: ...

    def runs(self) -> None: ...

    def said(self, why: str) -> str:
        """The status reason of an attempt that ended by itself."""
        ...

    def ended(
        self, started_at: int | None, codes: dict[str, int], why: str, failure: StartFailure | None
    ) -> None: ...


def record_of(job: Job, environment: str, config: EngineConfig) -> AttemptRecord:
    if "eksProperties" in job.record:
        return PodRecord(job, environment, config)
    return TaskRecord(job, environment, config)
