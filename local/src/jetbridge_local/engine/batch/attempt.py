"""One attempt of a job: an ECS task that Batch starts for it."""

import asyncio
import logging
import random
import time
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from ..config import EngineConfig
from ..containers import ContainerServices, LogTarget, StartFailure, TaskContainer, TaskExecution
from ..containers.definition import pairs
from ..events import milliseconds
from ..runner.base import ContainerPlan
from .arns import Arns
from .job import Job

logger = logging.getLogger(__name__)

LOG_GROUP = "/aws/batch/job"
CONTAINER_NAME = "default"
TIMED_OUT = "Job attempt duration exceeded timeout"
_CONTAINER_EXITED = "Essential container in task exited"
_PER_ATTEMPT = ("exitCode", "reason", "logStreamName", "taskArn", "networkInterfaces")


@dataclass(frozen=True)
class AttemptEnd:
    """How an attempt ended. ``exit_code`` is None if the container never ran."""

    exit_code: int | None
    reason: str | None
    status_reason: str
    is_final: bool


class Attempt:
    """Drives one attempt from STARTING to its end. Lives in the engine's loop.

    ``lock`` guards the job's record; ``changed`` is called under it after each change of status.
    """

    def __init__(
        self,
        job: Job,
        environment: str,
        config: EngineConfig,
        services: ContainerServices,
        lock: AbstractContextManager[object],
        changed: Callable[[Job], None],
    ) -> None:
        self._job = job
        self._config = config
        self._lock = lock
        self._changed = changed
        self._task_id = uuid.uuid4().hex
        arns = Arns(config.account, config.region)
        self._task_arn = arns.task(environment, self._task_id)
        self._target = _log_target(job.record, self._task_id)
        container = _task_container(job, environment, self._target)
        self._execution = TaskExecution([container], services, self)
        self._started_at: int | None = None
        self._exit_code: int | None = None
        self._network_interfaces: list[dict[str, Any]] = []

    async def run(self) -> AttemptEnd:
        """Returns when nothing of the attempt is left and it is in the job's attempts."""
        reason = None
        is_final = False
        try:
            status_reason = await self._run()
            is_final = status_reason != _CONTAINER_EXITED
        except StartFailure as failure:
            status_reason, reason = failure.stopped_reason, failure.container_reason
        except Exception as error:
            logger.exception("%s failed to start", self._job.record["jobArn"])
            status_reason = f"ServerException: {error}"
        await self._execution.stop()
        end = AttemptEnd(self._exit_code, reason, status_reason, is_final)
        with self._lock:
            self._record(end)
        return end

    async def kill(self) -> None:
        """End the container without its time to stop."""
        await self._execution.kill()

    def container_started(self, name: str, runtime_id: str) -> None:
        """Nothing of the job's own record."""

    def container_ended(self, name: str, exit_code: int) -> None:
        self._exit_code = exit_code

    async def _run(self) -> str:
        """The status reason, once the attempt is to end. Raises StartFailure."""
        container = self._job.record["container"]
        with self._lock:
            for member in _PER_ATTEMPT:
                container.pop(member, None)
            self._network_interfaces = [_network_interface()]
            container |= {
                "taskArn": self._task_arn,
                "networkInterfaces": self._network_interfaces,
            }
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
            if self._target:
                container["logStreamName"] = self._target.stream
            self._changed(self._job)
        return await self._until_end()

    async def _until_end(self) -> str:
        seconds = self._job.record.get("timeout", {}).get("attemptDurationSeconds")
        timeout = None if seconds is None else seconds * self._config.time_scale
        over = asyncio.create_task(self._execution.wait())
        terminated = asyncio.create_task(self._job.termination_requested.wait())
        done, _ = await asyncio.wait(
            [over, terminated], timeout=timeout, return_when=asyncio.FIRST_COMPLETED
        )
        over.cancel()
        terminated.cancel()
        if over in done:
            return _CONTAINER_EXITED
        return self._termination_reason() if terminated in done else TIMED_OUT

    async def _terminated_within(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self._job.termination_requested.wait(), seconds)
        except TimeoutError:
            return False
        return True

    def _termination_reason(self) -> str:
        assert self._job.termination_reason is not None
        return self._job.termination_reason

    def _record(self, end: AttemptEnd) -> None:
        details: dict[str, Any] = {
            "taskArn": self._task_arn,
            "networkInterfaces": self._network_interfaces,
        }
        if end.exit_code is not None:
            details["exitCode"] = end.exit_code
        if end.reason is not None:
            details["reason"] = end.reason[:255]
        if self._started_at is not None and self._target:
            details["logStreamName"] = self._target.stream
        self._job.record["container"] |= details
        attempt: dict[str, Any] = {"container": details, "statusReason": end.status_reason}
        if self._started_at is not None:
            attempt["startedAt"] = self._started_at
        attempt["stoppedAt"] = milliseconds(time.time())
        self._job.record["attempts"].append(attempt)


def _log_target(record: dict[str, Any], task_id: str) -> LogTarget | None:
    """``/aws/batch/job`` and ``<definition>/default/<task id>`` unless the options differ.

    Source: AWS Batch user guide, using_awslogs.html.
    """
    configuration = record["container"].get("logConfiguration", {"logDriver": "awslogs"})
    if configuration["logDriver"] != "awslogs":
        return None
    options = configuration.get("options", {})
    definition = record["jobDefinition"].rsplit("/", 1)[-1].partition(":")[0]
    prefix = options.get("awslogs-stream-prefix", definition)
    group = options.get("awslogs-group", LOG_GROUP)
    create = group == LOG_GROUP or options.get("awslogs-create-group", "").lower() == "true"
    return LogTarget(group, f"{prefix}/{CONTAINER_NAME}/{task_id}", create)


def _task_container(job: Job, environment: str, target: LogTarget | None) -> TaskContainer:
    record = job.record
    container = record["container"]
    own = {
        "AWS_BATCH_JOB_ID": job.job_id,
        "AWS_BATCH_JOB_ATTEMPT": str(len(record["attempts"]) + 1),
        "AWS_BATCH_JQ_NAME": record["jobQueue"].rsplit("/", 1)[-1],
        "AWS_BATCH_CE_NAME": environment,
    }
    index = record.get("arrayProperties", {}).get("index")
    if index is not None:
        own["AWS_BATCH_JOB_ARRAY_INDEX"] = str(index)
    return TaskContainer(
        plan=ContainerPlan(
            name=CONTAINER_NAME,
            image=container["image"],
            command=tuple(container["command"]),
            environment=pairs(container["environment"]) | own,
        ),
        secrets={s["name"]: s["valueFrom"] for s in container["secrets"]},
        log=target,
    )


def _network_interface() -> dict[str, Any]:
    return {
        "attachmentId": str(uuid.uuid4()),
        "privateIpv4Address": f"10.0.{random.randint(0, 255)}.{random.randint(4, 254)}",
    }
