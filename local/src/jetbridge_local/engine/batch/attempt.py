"""One attempt of a job: an ECS task or a pod that Batch starts for it."""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from ..config import EngineConfig
from ..containers import ContainerServices, StartFailure, TaskExecution
from ..events import milliseconds
from .attempt_records import record_of
from .capacity import Place
from .insights import insights_facts
from .job import Job

logger = logging.getLogger(__name__)

TIMED_OUT = "Job attempt duration exceeded timeout"
_CONTAINER_EXITED = "Essential container in task exited"


@dataclass(frozen=True)
class AttemptEnd:
    """How an attempt ended. ``exit_code`` is None if no container ran. If there are several exit
    codes, it is the first that isn't 0."""

    exit_code: int | None
    reason: str | None
    status_reason: str
    is_final: bool


class Attempt:
    """Drives one attempt from STARTING to its end. Runs in the engine's loop.

    ``lock`` guards the job's record; ``changed`` is called with the lock held after each change of
    status.
    """

    def __init__(
        self,
        job: Job,
        place: Place,
        config: EngineConfig,
        services: ContainerServices,
        lock: AbstractContextManager[object],
        changed: Callable[[Job], None],
    ) -> None:
        self._job = job
        self._config = config
        self._lock = lock
        self._changed = changed
        self._has_insights = place.has_insights
        self._insights = services.insights
        self._record = record_of(job, place.environment, config)
        self._execution = TaskExecution(self._record.containers(), services, self)
        self._started_at: int | None = None
        self._exit_codes: dict[str, int] = {}

    async def run(self) -> AttemptEnd:
        """Returns when nothing of the attempt runs and the attempt is in the job's record."""
        failure: StartFailure | None = None
        is_final = False
        try:
            status_reason = await self._run()
            is_final = status_reason != _CONTAINER_EXITED
        except StartFailure as failed:
            failure, status_reason = failed, failed.stopped_reason
        except Exception as error:
            logger.exception("%s failed to start", self._job.record["jobArn"])
            status_reason = f"ServerException: {error}"
        await self._execution.stop()
        if not is_final:
            status_reason = self._record.said(status_reason)
        with self._lock:
            self._record.ended(self._started_at, self._exit_codes, status_reason, failure)
        reason = failure.container_reason if failure else None
        return AttemptEnd(self._exit_code(), reason, status_reason, is_final)

    async def kill(self) -> None:
        """Kill the containers without a stop timeout."""
        await self._execution.kill()

    def container_started(self, name: str, runtime_id: str) -> None:
        """Does nothing: the job's record doesn't show the start of a container."""

    def container_ended(self, name: str, exit_code: int) -> None:
        self._exit_codes[name] = exit_code

    def _exit_code(self) -> int | None:
        codes = self._exit_codes.values()
        return next((code for code in codes if code), 0 if codes else None)

    async def _run(self) -> str:
        """Run the containers. Returns the status reason when the attempt should end. Raises
        StartFailure."""
        with self._lock:
            self._record.starts()
            self._job.record["status"] = "STARTING"
            self._changed(self._job)
        await self._execution.pull()
        if await self._terminated_within(self._config.step_seconds):
            return self._termination_reason()
        await self._execution.initialize()
        await self._execution.start()
        with self._lock:
            self._started_at = milliseconds(time.time())
            self._job.record |= {"status": "RUNNING", "startedAt": self._started_at}
            self._record.runs()
            self._changed(self._job)
        return await self._until_end()

    async def _until_end(self) -> str:
        seconds = self._job.record.get("timeout", {}).get("attemptDurationSeconds")
        timeout = None if seconds is None else seconds * self._config.time_scale
        follower = asyncio.create_task(self._follow())
        over = asyncio.create_task(self._execution.wait())
        terminated = asyncio.create_task(self._job.termination_requested.wait())
        done, _ = await asyncio.wait(
            [over, terminated], timeout=timeout, return_when=asyncio.FIRST_COMPLETED
        )
        for each in (over, terminated, follower):
            each.cancel()
        if over in done:
            return _CONTAINER_EXITED
        return self._termination_reason() if terminated in done else TIMED_OUT

    async def _follow(self) -> None:
        arn = self._job.record.get("container", {}).get("taskArn")
        if self._has_insights and arn is not None:
            cluster, task_id = arn.split("/")[-2:]
            facts = insights_facts(self._job, arn)
            await self._insights.follow(cluster, task_id, facts, self._execution.usage)

    async def _terminated_within(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self._job.termination_requested.wait(), seconds)
        except TimeoutError:
            return False
        return True

    def _termination_reason(self) -> str:
        assert self._job.termination_reason is not None
        return self._job.termination_reason
