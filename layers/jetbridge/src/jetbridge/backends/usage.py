"""What AWS bills for a launch, read from the record of its end.

ECS has ``cpu`` in units of 1,024 to a vCPU and ``memory`` in MiB, as texts (API reference of ECS,
Task); Batch has them as ``resourceRequirements``, ``VCPU`` and ``MEMORY`` in MiB (API reference of
Batch, ResourceRequirement).
"""

import math
from collections.abc import Iterable, Iterator
from datetime import datetime

from jetbridge.aws.records import Fields
from jetbridge.contract import Usage

FARGATE = "FARGATE"
# https://aws.amazon.com/fargate/pricing/, of Linux.
LEAST_SECONDS = 60
_CPU_UNITS = 1024
_ARCHITECTURE = "ecs.cpu-architecture"
_LARGEST = 1e9


def usage_of_task(task: Fields) -> Usage | None:
    """The usage of a stopped task; None if its record doesn't say how large it was."""
    cpu, memory = _number(task.text("cpu")), _number(task.text("memory"))
    launch_type = task.name("launchType")
    if not launch_type or cpu is None or memory is None:
        return None
    provider = task.name("capacityProviderName")
    return Usage(
        launch_type=launch_type,
        vcpu=cpu / _CPU_UNITS,
        memory_mib=int(memory),
        seconds=_billed(task, "pullStartedAt"),
        architecture=next(
            (
                attribute.name("value")
                for attribute in task.parts("attributes")
                if attribute.name("name") == _ARCHITECTURE
            ),
            "",
        ),
        spot=provider == "FARGATE_SPOT" if launch_type == FARGATE else None,
    )


def usage_of_job(job: Fields) -> Usage | None:
    """The usage of an ended job. None for an array job, whose containers belong to its children,
    and if the record doesn't say how large the job was."""
    if job.part("arrayProperties") or job.part("nodeProperties"):
        return None
    sizes = list(_requirements(job))
    vcpu = sum(size for kind, size in sizes if kind == "VCPU")
    memory = sum(size for kind, size in sizes if kind == "MEMORY")
    if not vcpu or not memory:
        return None
    return Usage(
        launch_type=FARGATE if FARGATE in job.texts("platformCapabilities") else "EC2",
        vcpu=vcpu,
        memory_mib=int(memory),
        seconds=sum(_billed(attempt, "startedAt") for attempt in job.parts("attempts")),
        architecture=_architecture(job),
    )


def _requirements(job: Fields) -> Iterator[tuple[str, float]]:
    for container in _containers(job):
        for requirement in container.parts("resourceRequirements"):
            size = _number(requirement.text("value"))
            if size is not None:
                yield requirement.name("type"), size


def _containers(job: Fields) -> Iterable[Fields]:
    several = [
        container
        for task in job.part("ecsProperties").parts("taskProperties")
        for container in task.parts("containers")
    ]
    return several or [job.part("container")]


def _architecture(job: Fields) -> str:
    """``X86_64`` or ``ARM64`` of a job's ``runtimePlatform``, in ECS's own spelling."""
    tasks = job.part("ecsProperties").parts("taskProperties")
    for part in (job.part("container"), *tasks):
        if found := part.part("runtimePlatform").name("cpuArchitecture"):
            return found.lower()
    return ""


def _billed(record: Fields, began: str) -> int:
    """Seconds from a field until ``stoppedAt``; 0 if it never began."""
    start, stop = record.moment(began), record.moment("stoppedAt")
    if start is None or stop is None:
        return 0
    lasted = datetime.fromisoformat(stop) - datetime.fromisoformat(start)
    return max(LEAST_SECONDS, math.ceil(lasted.total_seconds()))


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if 0 < number < _LARGEST else None
