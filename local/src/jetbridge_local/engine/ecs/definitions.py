"""Task definitions: registration, revisions and look-up."""

import re
import time
from graphlib import CycleError, TopologicalSorter
from typing import Any

from ..paging import page
from . import fargate
from .arns import Arns, short_name
from .errors import client_error

_FAMILY = re.compile(r"[a-zA-Z0-9_-]{1,255}")
_CONTAINER_NAME = re.compile(r"[a-zA-Z0-9_-]{1,255}")
_EMPTY_LISTS = ("portMappings", "environment", "mountPoints", "volumesFrom", "systemControls")
_KEPT = (
    "taskRoleArn",
    "executionRoleArn",
    "pidMode",
    "ipcMode",
    "proxyConfiguration",
    "inferenceAccelerators",
    "ephemeralStorage",
    "runtimePlatform",
    "requiresCompatibilities",
)


class TaskDefinitions:
    """All revisions of all families. Not thread-safe: the engine holds the lock."""

    def __init__(self, arns: Arns) -> None:
        self._arns = arns
        self._families: dict[str, list[dict[str, Any]]] = {}
        self.tags: dict[str, list[dict[str, Any]]] = {}

    def register(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """The new revision. Raises AwsError."""
        family = parameters["family"]
        if not _FAMILY.fullmatch(family):
            raise client_error(
                "Family should have up to 255 letters (uppercase and lowercase), numbers, "
                f"underscores and hyphens: '{family}'."
            )
        definition = _normalized(parameters)
        _check(definition)
        revisions = self._families.setdefault(family, [])
        definition |= {
            "family": family,
            "revision": len(revisions) + 1,
            "taskDefinitionArn": self._arns.task_definition(family, len(revisions) + 1),
            "status": "ACTIVE",
            "registeredAt": time.time(),
        }
        revisions.append(definition)
        self.tags[definition["taskDefinitionArn"]] = parameters.get("tags", [])
        return definition

    def find(self, reference: str) -> dict[str, Any] | None:
        """Find a revision by ``family`` (the newest active one), ``family:revision`` or ARN."""
        family, _, revision = short_name(reference).partition(":")
        revisions = self._families.get(family, [])
        if revision:
            index = int(revision) if revision.isdecimal() else 0
            found = revisions[index - 1] if 0 < index <= len(revisions) else None
        else:
            found = next((d for d in reversed(revisions) if d["status"] == "ACTIVE"), None)
        foreign = reference.startswith("arn:") and found and found["taskDefinitionArn"] != reference
        return None if foreign else found

    def deregister(self, reference: str) -> dict[str, Any]:
        """Make a revision inactive. Raises AwsError."""
        if ":" not in short_name(reference):
            raise client_error("Revision is missing.")
        definition = self.find(reference)
        if definition is None:
            raise client_error("The specified task definition does not exist.")
        definition["status"] = "INACTIVE"
        definition.setdefault("deregisteredAt", time.time())
        return definition

    def page(self, parameters: dict[str, Any]) -> dict[str, Any]:
        status = parameters.get("status", "ACTIVE")
        prefix = parameters.get("familyPrefix")
        definitions = [
            definition
            for family, revisions in sorted(self._families.items())
            for definition in revisions
            if definition["status"] == status and prefix in (None, family)
        ]
        descending = parameters.get("sort") == "DESC"
        found, more = page(
            definitions[::-1] if descending else definitions,
            lambda definition: [definition["family"], definition["revision"]],
            parameters,
            "InvalidParameterException",
            descending=descending,
        )
        return {"taskDefinitionArns": [d["taskDefinitionArn"] for d in found], **more}

    def page_of_families(self, parameters: dict[str, Any]) -> dict[str, Any]:
        status = parameters.get("status", "ALL")
        prefix = parameters.get("familyPrefix", "")
        families = [
            family
            for family, revisions in sorted(self._families.items())
            if family.startswith(prefix)
            and status in ("ALL", "ACTIVE" if _is_active(revisions) else "INACTIVE")
        ]
        found, more = page(families, str, parameters, "InvalidParameterException")
        return {"families": found, **more}


def _is_active(revisions: list[dict[str, Any]]) -> bool:
    return any(definition["status"] == "ACTIVE" for definition in revisions)


def _normalized(parameters: dict[str, Any]) -> dict[str, Any]:
    """A request with the defaults that AWS fills in."""
    definition: dict[str, Any] = {
        "containerDefinitions": [_container(c) for c in parameters["containerDefinitions"]],
        "networkMode": parameters.get("networkMode", "bridge"),
        "volumes": parameters.get("volumes", []),
        "placementConstraints": parameters.get("placementConstraints", []),
    }
    definition |= {name: parameters[name] for name in _KEPT if name in parameters}
    if "cpu" in parameters:
        definition["cpu"] = str(fargate.cpu_units(parameters["cpu"]))
    if "memory" in parameters:
        definition["memory"] = str(fargate.memory_mib(parameters["memory"]))
    sized = "cpu" in definition and "memory" in definition
    runs_on_fargate = (
        sized
        and definition["networkMode"] == "awsvpc"
        and fargate.is_size(int(definition["cpu"]), int(definition["memory"]))
    )
    definition["compatibilities"] = ["EC2", "FARGATE"] if runs_on_fargate else ["EC2"]
    return definition


def _container(container: dict[str, Any]) -> dict[str, Any]:
    defaults: dict[str, Any] = {"cpu": 0, "essential": True}
    return defaults | {name: [] for name in _EMPTY_LISTS} | container


def _check(definition: dict[str, Any]) -> None:
    containers = definition["containerDefinitions"]
    if not containers:
        raise client_error("Container list cannot be empty.")
    for container in containers:
        for member in ("name", "image"):
            if not container.get(member):
                raise client_error(f"Container.{member} should not be null or empty.")
        if not _CONTAINER_NAME.fullmatch(container["name"]):
            raise client_error(f"Container.name contains invalid characters: {container['name']}")
        if "memory" not in definition and not {"memory", "memoryReservation"} & container.keys():
            raise client_error(
                f"Invalid setting for container '{container['name']}'. At least one of 'memory' "
                "or 'memoryReservation' must be specified."
            )
    names = [container["name"] for container in containers]
    if len(set(names)) != len(names):
        raise client_error(f"Container names must be unique in a task definition: {names}")
    if not any(container["essential"] for container in containers):
        raise client_error("At least one container of a task definition must be essential.")
    _check_order(containers, set(names))
    if "FARGATE" in definition.get("requiresCompatibilities", []):
        fargate.check(definition)


def _check_order(containers: list[dict[str, Any]], names: set[str]) -> None:
    graph: dict[str, set[str]] = {}
    for container in containers:
        for dependency in container.get("dependsOn", []):
            if dependency["containerName"] not in names:
                raise client_error(
                    f"Container '{container['name']}' depends on "
                    f"'{dependency['containerName']}', which the task definition doesn't have."
                )
            if dependency["condition"] == "HEALTHY":
                raise client_error(
                    f"Container '{container['name']}': dependsOn condition HEALTHY needs health "
                    "checks, which the local cloud doesn't run. Use START, COMPLETE or SUCCESS."
                )
        graph[container["name"]] = {d["containerName"] for d in container.get("dependsOn", [])}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        raise client_error(f"Container dependencies form a cycle: {error.args[1]}") from error
