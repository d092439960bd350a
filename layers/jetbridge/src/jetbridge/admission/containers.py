"""The containers that a request overrides, wherever its parameters name them."""

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from jetbridge.admission.shapes import Field

Parameters = dict[str, Any]


class Container(Struct, frozen=True):
    """What a request overrides of one container; ``path`` says where in the request."""

    path: str
    overrides: Parameters
    environment_key: str = "environment"

    @property
    def environment(self) -> list[dict[str, str]]:
        """Objects of ``name`` and, mostly, ``value``."""
        found: list[dict[str, str]] = self.overrides.get(self.environment_key, [])
        return found

    @property
    def environment_path(self) -> str:
        return f"{self.path}.{self.environment_key}"


def containers(field: Field, parameters: Parameters) -> list[Container]:
    """Every container in RunTask's or SubmitJob's parameters, which are known to be in shape."""
    found = _of_task(parameters) if field == "run_task" else _of_job(parameters)
    return [Container(f"{field}.{path}", *rest) for path, *rest in found]


def pods(parameters: Parameters) -> Iterator[tuple[str, Parameters]]:
    """The EKS pods of a job, each with its path in SubmitJob's parameters."""
    for path, place in _places(parameters):
        pod = place.get("eksPropertiesOverride", {}).get("podProperties")
        if pod:
            yield f"{path}eksPropertiesOverride.podProperties", pod


def ecs_overrides(parameters: Parameters) -> Iterator[tuple[str, Parameters]]:
    """What a job overrides of each ECS task, with its path in the request: of its container, or
    of the containers of ``taskProperties``."""
    for path, place in _places(parameters):
        if place.get("containerOverrides"):
            yield f"submit_job.{path}containerOverrides", place["containerOverrides"]
        tasks = place.get("ecsPropertiesOverride", {})
        for number, task in _items(tasks, "taskProperties"):
            yield f"submit_job.{path}ecsPropertiesOverride.taskProperties[{number}]", task


_Found = Iterator[tuple[Any, ...]]


def _of_task(parameters: Parameters) -> _Found:
    for index, container in _items(parameters.get("overrides", {}), "containerOverrides"):
        yield f"overrides.containerOverrides[{index}]", container


def _of_job(parameters: Parameters) -> _Found:
    for path, place in _places(parameters):
        if "containerOverrides" in place:
            yield f"{path}containerOverrides", place["containerOverrides"]
        tasks = place.get("ecsPropertiesOverride", {})
        for number, task in _items(tasks, "taskProperties"):
            for index, container in _items(task, "containers"):
                task_path = f"{path}ecsPropertiesOverride.taskProperties[{number}]"
                yield f"{task_path}.containers[{index}]", container
    for path, pod in pods(parameters):
        for kind in ("containers", "initContainers"):
            for index, container in _items(pod, kind):
                yield f"{path}.{kind}[{index}]", container, "env"


def _places(parameters: Parameters) -> Iterator[tuple[str, Parameters]]:
    """Where overrides of a job may stand: at its top, and in each range of nodes."""
    yield "", parameters
    for index, node in _items(parameters.get("nodeOverrides", {}), "nodePropertyOverrides"):
        yield f"nodeOverrides.nodePropertyOverrides[{index}].", node


def _items(owner: Parameters, key: str) -> Iterator[tuple[int, Parameters]]:
    yield from enumerate(owner.get(key, []))
