"""What an attempt that is an ECS task writes into its job's record.

Sources: API_JobDetail, API_AttemptDetail; AWS Batch user guide, using_awslogs.html.
"""

import random
import uuid
from typing import Any

from ..config import EngineConfig
from ..containers import LogTarget, StartFailure, TaskContainer
from ..containers.definition import pairs
from ..runner.base import ContainerPlan
from .arns import Arns
from .attempt_parts import own_environment, times
from .job import Job

LOG_GROUP = "/aws/batch/job"
CONTAINER_NAME = "default"
_PER_ATTEMPT = ("exitCode", "reason", "logStreamName", "taskArn", "networkInterfaces")


class TaskRecord:
    """The record of the ECS task that Batch starts for an attempt."""

    def __init__(self, job: Job, environment: str, config: EngineConfig) -> None:
        self._job = job
        self._environment = environment
        task_id = uuid.uuid4().hex
        self._target = _log_target(job.record, task_id)
        self._details: dict[str, Any] = {
            "taskArn": Arns(config.account, config.region).task(environment, task_id),
            "networkInterfaces": [_network_interface()],
        }

    def containers(self) -> list[TaskContainer]:
        container = self._job.record["container"]
        return [
            TaskContainer(
                plan=ContainerPlan(
                    name=CONTAINER_NAME,
                    image=container["image"],
                    command=tuple(container["command"]),
                    environment=pairs(container["environment"])
                    | own_environment(self._job, self._environment),
                ),
                secrets={s["name"]: s["valueFrom"] for s in container["secrets"]},
                log=self._target,
            )
        ]

    def starts(self) -> None:
        container = self._job.record["container"]
        for member in _PER_ATTEMPT:
            container.pop(member, None)
        container |= self._details

    def runs(self) -> None:
        if self._target:
            self._details["logStreamName"] = self._target.stream
            self._job.record["container"] |= self._details

    def said(self, why: str) -> str:
        return why

    def ended(
        self, started_at: int | None, codes: dict[str, int], why: str, failure: StartFailure | None
    ) -> None:
        details = dict(self._details)
        if CONTAINER_NAME in codes:
            details["exitCode"] = codes[CONTAINER_NAME]
        if failure is not None and failure.container_reason is not None:
            details["reason"] = failure.container_reason[:255]
        self._job.record["container"] |= details
        attempt: dict[str, Any] = {"container": details, "statusReason": why}
        self._job.record["attempts"].append(attempt | times(started_at))


def _log_target(record: dict[str, Any], task_id: str) -> LogTarget | None:
    """``/aws/batch/job`` and ``<definition>/default/<task id>``, unless options differ."""
    configuration = record["container"].get("logConfiguration", {"logDriver": "awslogs"})
    if configuration["logDriver"] != "awslogs":
        return None
    options = configuration.get("options", {})
    definition = record["jobDefinition"].rsplit("/", 1)[-1].partition(":")[0]
    prefix = options.get("awslogs-stream-prefix", definition)
    group = options.get("awslogs-group", LOG_GROUP)
    create = group == LOG_GROUP or options.get("awslogs-create-group", "").lower() == "true"
    return LogTarget(group, f"{prefix}/{CONTAINER_NAME}/{task_id}", create)


def _network_interface() -> dict[str, Any]:
    return {
        "attachmentId": str(uuid.uuid4()),
        "privateIpv4Address": f"10.0.{random.randint(0, 255)}.{random.randint(4, 254)}",
    }
