"""What an attempt writes into its job's record, for an ECS task or a pod on EKS.

Sources: API_JobDetail, API_AttemptDetail, API_EksAttemptDetail; AWS Batch user guide,
using_awslogs.html and eks-jobs.html (the present pod is in ``podProperties``, ended ones are in
``eksAttempts``).
"""

import random
import time
import uuid
from typing import Any, Protocol

from ..config import EngineConfig
from ..containers import LogTarget, StartFailure, TaskContainer
from ..containers.definition import pairs
from ..events import milliseconds
from ..runner.base import ContainerPlan
from .arns import Arns
from .job import Job

LOG_GROUP = "/aws/batch/job"
CONTAINER_NAME = "default"
POD_CONTAINER = "Default"
NAMESPACE = "batch"
_PER_ATTEMPT = ("exitCode", "reason", "logStreamName", "taskArn", "networkInterfaces")


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
        self._job.record["attempts"].append(attempt | _times(started_at))


class PodRecord:
    """The record of the pod that Batch starts on EKS. It doesn't say where its log lines are."""

    def __init__(self, job: Job, environment: str, config: EngineConfig) -> None:
        self._job = job
        self._environment = environment
        self._place = {
            "podName": f"aws-batch.{uuid.uuid4()}",
            "nodeName": f"ip-10-0-{random.randint(0, 255)}-{random.randint(4, 254)}.ec2.internal",
        }
        region, account = config.region, config.account
        self._cluster = f"arn:aws:eks:{region}:{account}:cluster/{environment}"

    @property
    def _pod(self) -> dict[str, Any]:
        pod: dict[str, Any] = self._job.record["eksProperties"]["podProperties"]
        return pod

    def containers(self) -> list[TaskContainer]:
        """First the containers that prepare the pod, one after the other, then the others together.
        A pod ends when all of them have ended."""
        found: list[TaskContainer] = []
        before: tuple[tuple[str, str], ...] = ()
        for container in self._pod.get("initContainers", []):
            found.append(self._container(container, before))
            before = ((found[-1].name, "SUCCESS"),)
        return found + [self._container(each, before) for each in self._pod["containers"]]

    def _container(
        self, container: dict[str, Any], before: tuple[tuple[str, str], ...]
    ) -> TaskContainer:
        plan = ContainerPlan(
            name=container["name"],
            image=container["image"],
            command=(*container.get("command", []), *container.get("args", [])),
            environment=pairs(container.get("env")) | own_environment(self._job, self._environment),
        )
        return TaskContainer(plan=plan, essential=False, depends_on=before)

    def starts(self) -> None:
        self._pod.update(self._place)
        for container in self._ends():
            container.pop("exitCode", None)
            container.pop("reason", None)

    def runs(self) -> None:
        """Changes nothing more."""

    def said(self, why: str) -> str:
        """Empty, because a pod's containers have their own reasons."""
        return ""

    def ended(
        self, started_at: int | None, codes: dict[str, int], why: str, failure: StartFailure | None
    ) -> None:
        for container in self._ends():
            container.update(_pod_end(container["name"], codes, failure))
        attempt: dict[str, Any] = {
            kind: [
                {m: each[m] for m in ("name", "exitCode", "reason") if m in each}
                for each in self._pod.get(kind, [])
            ]
            for kind in ("containers", "initContainers")
        }
        attempt |= {"eksClusterArn": self._cluster, "podNamespace": NAMESPACE, **self._place}
        if why:
            attempt["statusReason"] = why
        self._job.record["eksAttempts"].append(attempt | _times(started_at))

    def _ends(self) -> list[dict[str, Any]]:
        return [*self._pod.get("initContainers", []), *self._pod["containers"]]


def own_environment(job: Job, environment: str) -> dict[str, str]:
    """The environment variables that Batch adds (AWS Batch user guide, job_env_vars.html)."""
    record = job.record
    own = {
        "AWS_BATCH_JOB_ID": job.job_id,
        "AWS_BATCH_JOB_ATTEMPT": str(job.attempts + 1),
        "AWS_BATCH_JQ_NAME": record["jobQueue"].rsplit("/", 1)[-1],
        "AWS_BATCH_CE_NAME": environment,
    }
    index = record.get("arrayProperties", {}).get("index")
    if index is not None:
        own["AWS_BATCH_JOB_ARRAY_INDEX"] = str(index)
    return own | job.node_environment


def _pod_end(name: str, codes: dict[str, int], failure: StartFailure | None) -> dict[str, Any]:
    """The reasons that the kubelet gives (kubernetes, pkg/kubelet/images and
    kuberuntime_container.go)."""
    if name in codes:
        code = codes[name]
        return {"exitCode": code, "reason": "Error" if code else "Completed"}
    if failure is None or failure.container != name:
        return {}
    said = failure.container_reason or failure.stopped_reason
    if said.startswith("dependency graph"):
        return {}
    pulling = said.startswith("CannotPullContainerError: ")
    what = said.partition(": ")[2] or said
    if pulling:
        return {"reason": f"ErrImagePull: {what}"}
    return {"exitCode": 128, "reason": f"StartError: {what}"}


def _times(started_at: int | None) -> dict[str, int]:
    started = {} if started_at is None else {"startedAt": started_at}
    return started | {"stoppedAt": milliseconds(time.time())}


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
