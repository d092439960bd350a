"""A job's record and its changes."""

import asyncio
import copy
import itertools
from collections import Counter
from dataclasses import dataclass
from typing import Any

STATUSES = ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED", "FAILED")
_BEFORE_START = frozenset({"SUBMITTED", "PENDING", "RUNNABLE"})
_ENDED = frozenset({"SUCCEEDED", "FAILED"})


_sequence = itertools.count()


class Job:
    """One job, array job, child of an array job, multi-node job, or node of one.

    ``record`` is the API's JobDetail, with times in milliseconds. Only the engine changes it, with
    its lock held. ``sequence`` grows from job to job. ``ended`` and ``termination_requested`` are
    used only in the engine's loop.
    """

    def __init__(self, record: dict[str, Any], tags: dict[str, str]) -> None:
        self.sequence = next(_sequence)
        self.record = record
        self.tags = tags
        self.children: list[Job] = []
        self.node_environment: dict[str, str] = {}
        self.dependencies: list[Dependency] = []
        self.termination_reason: str | None = None
        self.termination_requested = asyncio.Event()
        self.ended = asyncio.Event()

    @property
    def job_id(self) -> str:
        return str(self.record["jobId"])

    @property
    def attempts(self) -> int:
        """How many attempts have ended."""
        return len(self.record["attempts"]) or len(self.record.get("eksAttempts", []))

    @property
    def is_array(self) -> bool:
        return bool(self.children) and "arrayProperties" in self.record

    @property
    def is_member(self) -> bool:
        """Whether it is a child of an array job, or a node."""
        return ":" in self.job_id or "#" in self.job_id

    @property
    def main_node(self) -> "Job":
        """The main node of a multi-node job."""
        index = int(self.record["nodeProperties"]["mainNode"])
        return self.children[index]

    @property
    def status(self) -> str:
        return str(self.record["status"])

    @property
    def is_ended(self) -> bool:
        return self.status in _ENDED

    @property
    def is_before_start(self) -> bool:
        return self.status in _BEFORE_START

    def describe(self) -> dict[str, Any]:
        """A copy of the record, with its tags and, for an array, its children's states."""
        record = copy.deepcopy(self.record)
        if self.is_array:
            counts = Counter(child.status for child in self.children)
            record["arrayProperties"]["statusSummary"] = {s: counts[s] for s in STATUSES}
        return record | {"tags": dict(self.tags)}

    def request_termination(self, reason: str) -> bool:
        """Request the job's end. Returns False if it has ended or the end was requested before."""
        if self.is_ended or self.termination_reason is not None:
            return False
        self.termination_reason = reason
        return True


@dataclass(frozen=True)
class Dependency:
    """A job that must succeed before this one may start."""

    job: Job
