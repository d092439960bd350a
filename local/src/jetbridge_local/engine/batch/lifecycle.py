"""How a job moves through its states.

Source: AWS Batch user guide, job_states.html: PENDING is for jobs that wait for others, and for
array jobs until their children have ended; array_jobs.html; job_timeouts.html (an attempt that
timed out isn't retried).
"""

import asyncio
import copy
import logging
import time
from collections.abc import Callable, Coroutine
from contextlib import AbstractContextManager
from typing import Any

from ..config import EngineConfig
from ..containers import ContainerServices
from ..events import milliseconds
from .attempt import Attempt
from .capacity import Capacity
from .job import Job
from .multi_node import run_together
from .pods import vcpus
from .requirements import requirements
from .retry import is_retried

logger = logging.getLogger(__name__)

_DEPENDENCY_FAILED = "Dependent Job failed"
_CHILD_FAILED = "Array Child Job failed"


class _Failed(Exception):
    """The job ends without an attempt, or without another one."""


class JobLifecycle:
    """Drives one job, with its children, to its end. Runs in the engine's loop."""

    def __init__(
        self,
        job: Job,
        config: EngineConfig,
        services: ContainerServices,
        capacity: Capacity,
        lock: AbstractContextManager[object],
        changed: Callable[[Job], None],
    ) -> None:
        self._job = job
        self._config = config
        self._services = services
        self._capacity = capacity
        self._lock = lock
        self._changed = changed
        self._attempt: Attempt | None = None
        self._children: list[JobLifecycle] = []

    async def run(self) -> None:
        """Returns when the job has ended and nothing of it runs any more."""
        try:
            await self._pass()
            if self._job.is_array:
                await self._run_array()
            elif self._job.children:
                await self._wait_for_dependencies()
                await self._run_nodes()
            else:
                await self._wait_for_dependencies()
                await self._run_attempts()
        except _Failed as failure:
            self._end("FAILED", str(failure))
        except Exception as error:
            logger.exception("%s can't continue", self._job.record["jobArn"])
            self._end("FAILED", f"ServerException: {error}")
        self._job.ended.set()

    async def kill(self) -> None:
        """Kill what runs, without a stop timeout."""
        if self._attempt:
            await self._attempt.kill()
        await asyncio.gather(*(child.kill() for child in self._children))

    async def _run_array(self) -> None:
        self._to("PENDING")
        self._children = [self._of(child, self._changed) for child in self._job.children]
        try:
            await self._wait_for_dependencies()
        except _Failed as failure:
            for child in self._job.children:
                with self._lock:
                    child.request_termination(str(failure))
                child.termination_requested.set()
        await asyncio.gather(*(child.run() for child in self._children))
        if self._job.termination_reason is not None:
            raise _Failed(self._job.termination_reason)
        if any(d.job.status == "FAILED" for d in self._job.dependencies):
            raise _Failed(_DEPENDENCY_FAILED)
        if any(child.status == "FAILED" for child in self._job.children):
            raise _Failed(_CHILD_FAILED)
        self._end("SUCCEEDED", None)

    async def _run_nodes(self) -> None:
        """Run all nodes together, as one attempt of the job. It ends as the main node ends."""
        main = self._job.main_node
        self._children = [self._of(node, self._mirror) for node in self._job.children]
        lives = {life._job.job_id: life for life in self._children}
        await run_together(self._job, lambda node: lives[node.job_id].run(), self._ask_end)
        with self._lock:
            self._job.record["attempts"] = copy.deepcopy(main.record["attempts"])
        if self._job.termination_reason is not None:
            raise _Failed(self._job.termination_reason)
        reason = main.record.get("statusReason")
        self._end(main.status, reason)

    def _mirror(self, node: Job) -> None:
        """Give a multi-node job its main node's state. The lock is held."""
        self._changed(node)
        if node is self._job.main_node and node.status in ("RUNNABLE", "STARTING", "RUNNING"):
            self._job.record["status"] = node.status
            if "startedAt" in node.record:
                self._job.record["startedAt"] = node.record["startedAt"]
            self._changed(self._job)

    def _ask_end(self, node: Job, reason: str) -> None:
        with self._lock:
            asked = node.request_termination(reason)
        if asked:
            node.termination_requested.set()

    def _of(self, job: Job, changed: Callable[[Job], None]) -> "JobLifecycle":
        return JobLifecycle(job, self._config, self._services, self._capacity, self._lock, changed)

    async def _run_attempts(self) -> None:
        while True:
            self._to("RUNNABLE")
            record = self._job.record
            place = await self._until(self._capacity.acquire(record["jobQueue"], _vcpus(record)))
            try:
                await self._pass()
                self._attempt = Attempt(
                    self._job,
                    place,
                    self._config,
                    self._services,
                    self._lock,
                    self._changed,
                )
                end = await self._attempt.run()
            finally:
                self._capacity.release(place)
            if end.exit_code == 0 and not end.is_final:
                self._end("SUCCEEDED", end.status_reason)
                return
            if end.is_final or not is_retried(
                record["retryStrategy"],
                self._job.attempts,
                end.exit_code,
                end.reason,
                end.status_reason,
            ):
                raise _Failed(end.status_reason)
            with self._lock:
                record["statusReason"] = end.status_reason

    async def _wait_for_dependencies(self) -> None:
        if not self._job.dependencies:
            return
        if not self._job.children:
            self._to("PENDING")
        for dependency in self._job.dependencies:
            await self._until(dependency.job.ended.wait())
            if dependency.job.status == "FAILED":
                raise _Failed(_DEPENDENCY_FAILED)

    async def _pass(self) -> None:
        """Stay for a while in a state that the job only passes through."""
        await self._until(asyncio.sleep(self._config.step_seconds))

    async def _until[T](self, awaitable: Coroutine[Any, Any, T]) -> T:
        """Wait, unless the job is to end before. Raises _Failed."""
        waiting = asyncio.create_task(awaitable)
        terminated = asyncio.create_task(self._job.termination_requested.wait())
        await asyncio.wait([waiting, terminated], return_when=asyncio.FIRST_COMPLETED)
        terminated.cancel()
        if waiting.done():
            return waiting.result()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        raise _Failed(self._job.termination_reason)

    def _to(self, status: str) -> None:
        with self._lock:
            self._job.record["status"] = status
            self._changed(self._job)

    def _end(self, status: str, reason: str | None) -> None:
        with self._lock:
            self._job.record |= {"status": status, "stoppedAt": milliseconds(time.time())}
            if reason:
                self._job.record["statusReason"] = reason
            else:
                self._job.record.pop("statusReason", None)
            self._changed(self._job)


def _vcpus(record: dict[str, Any]) -> float:
    if "eksProperties" in record:
        return vcpus(record["eksProperties"])
    return requirements(record["container"])["VCPU"]
