"""What an attempt that is a pod on EKS writes into its job's record.

Sources: API_JobDetail, API_EksAttemptDetail; AWS Batch user guide, eks-jobs.html (the present pod
is in ``podProperties``, ended ones are in ``eksAttempts``).
"""

import random
import uuid
from typing import Any

from ..config import EngineConfig
from ..containers import StartFailure, TaskContainer
from ..containers.definition import pairs
from ..runner.base import ContainerPlan
from .attempt_parts import own_environment, times
from .job import Job

POD_CONTAINER = "Default"
NAMESPACE = "batch"


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
        self._job.record["eksAttempts"].append(attempt | times(started_at))

    def _ends(self) -> list[dict[str, Any]]:
        return [*self._pod.get("initContainers", []), *self._pod["containers"]]


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
