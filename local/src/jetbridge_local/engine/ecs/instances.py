"""Container instances, which run tasks of launch type EC2.

As on AWS, an instance exists once its agent has called RegisterContainerInstance. The local cloud
has no agents, so a user who wants EC2 capacity makes that call. All instances run their containers
on this machine.

Sources: API_RegisterContainerInstance, API_ContainerInstance, and the Amazon ECS developer guide,
"Amazon ECS API failure reasons".
"""

import json
import time
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from ..paging import page
from . import fargate
from .arns import Arns, short_name
from .errors import invalid_parameter
from .task import Task

_MOST_DESCRIBED = 100
_PLACED = ("CPU", "MEMORY")
_PENDING = ("PROVISIONING", "PENDING", "ACTIVATING")


class ContainerInstances:
    """The instances of all clusters. Not thread-safe: the engine holds the lock."""

    def __init__(self, arns: Arns, tasks: Mapping[str, Task]) -> None:
        self._arns = arns
        self._tasks = tasks
        self._instances: dict[str, dict[str, Any]] = {}

    def of(self, cluster: dict[str, Any]) -> list[dict[str, Any]]:
        """The records of a cluster's instances, oldest first."""
        prefix = self._arns.container_instance(cluster["clusterName"], "")
        return [i for arn, i in self._instances.items() if arn.startswith(prefix)]

    def register(self, cluster: dict[str, Any], parameters: dict[str, Any]) -> dict[str, Any]:
        """The new instance, with the resources that its agent reports."""
        arn = self._arns.container_instance(cluster["clusterName"], uuid.uuid4().hex)
        self._instances[arn] = {
            "containerInstanceArn": arn,
            "ec2InstanceId": _instance_id(parameters.get("instanceIdentityDocument")),
            "version": 1,
            "versionInfo": parameters.get("versionInfo", {}),
            "registeredResources": parameters.get("totalResources", []),
            "status": "ACTIVE",
            "agentConnected": True,
            "attributes": parameters.get("attributes", []),
            "registeredAt": time.time(),
            "attachments": [],
            "tags": parameters.get("tags", []),
        }
        return {"containerInstance": self._view(self._instances[arn], with_tags=True)}

    def deregister(self, cluster: dict[str, Any], parameters: dict[str, Any]) -> dict[str, Any]:
        """Remove an instance. With ``force``, its tasks continue to their ends."""
        instance = self.require(cluster, parameters["containerInstance"])
        if self._living(instance) and not parameters.get("force", False):
            raise invalid_parameter("Found running tasks on the instance.")
        del self._instances[instance["containerInstanceArn"]]
        return {"containerInstance": self._view(instance) | {"status": "INACTIVE"}}

    def describe(self, cluster: dict[str, Any], parameters: dict[str, Any]) -> dict[str, Any]:
        wanted = parameters["containerInstances"]
        if not 1 <= len(wanted) <= _MOST_DESCRIBED:
            raise invalid_parameter(f"containerInstances must have 1 to {_MOST_DESCRIBED} items.")
        with_tags = "TAGS" in parameters.get("include", [])
        found, failures = [], []
        for reference in wanted:
            if instance := self.find(cluster, reference):
                found.append(self._view(instance, with_tags))
            else:
                failures.append({"arn": self._arn(cluster, reference), "reason": "MISSING"})
        return {"containerInstances": found, "failures": failures}

    def page(self, cluster: dict[str, Any], parameters: dict[str, Any]) -> dict[str, Any]:
        arns = sorted(instance["containerInstanceArn"] for instance in self.of(cluster))
        found, more = page(arns, str, parameters, "InvalidParameterException")
        return {"containerInstanceArns": found, **more}

    def find(self, cluster: dict[str, Any], reference: str) -> dict[str, Any] | None:
        return self._instances.get(self._arn(cluster, reference))

    def require(self, cluster: dict[str, Any], reference: str) -> dict[str, Any]:
        """Raises AwsError if the cluster has no such instance."""
        instance = self.find(cluster, reference)
        if instance is None:
            raise invalid_parameter("The referenced container instance was not found.")
        return instance

    def place(
        self, cluster: dict[str, Any], needed: Mapping[str, int], count: int
    ) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """An instance for each task for which there is room, emptiest instance first, and the
        failures of the other tasks.

        ``needed`` is the CPU and MEMORY that one task takes. A task that isn't placed has one
        failure for each instance, which names what that instance lacks.
        """
        left = {i["containerInstanceArn"]: self._remaining(i) for i in self.of(cluster)}
        places, failures = [], []
        for _ in range(count):
            fitting = [a for a, room in left.items() if not _lacks(room, needed)]
            if not fitting:
                failures += [
                    {"arn": arn, "reason": f"RESOURCE:{_lacks(room, needed)[0]}"}
                    for arn, room in left.items()
                ]
                continue
            arn = max(fitting, key=lambda each: left[each]["MEMORY"])
            places.append(self._instances[arn])
            left[arn] = {name: left[arn][name] - needed[name] for name in _PLACED}
        return places, failures

    def _arn(self, cluster: dict[str, Any], reference: str) -> str:
        if reference.startswith("arn:"):
            return reference
        return self._arns.container_instance(cluster["clusterName"], short_name(reference))

    def _living(self, instance: dict[str, Any]) -> list[Task]:
        arn = instance["containerInstanceArn"]
        return [
            task
            for task in self._tasks.values()
            if task.record.get("containerInstanceArn") == arn and not task.is_stopped
        ]

    def _remaining(self, instance: dict[str, Any]) -> dict[str, int]:
        registered = {r["name"]: r for r in instance["registeredResources"]}
        left = {name: int(registered.get(name, {}).get("integerValue", 0)) for name in _PLACED}
        for task in self._living(instance):
            left["CPU"] -= int(task.record["cpu"])
            left["MEMORY"] -= int(task.record["memory"])
        return left

    def _view(self, instance: dict[str, Any], with_tags: bool = False) -> dict[str, Any]:
        remaining = self._remaining(instance)
        states = [task.record["lastStatus"] for task in self._living(instance)]
        return instance | {
            "remainingResources": [
                resource | {"integerValue": remaining[resource["name"]]}
                if resource["name"] in remaining
                else resource
                for resource in instance["registeredResources"]
            ],
            "runningTasksCount": states.count("RUNNING"),
            "pendingTasksCount": sum(states.count(status) for status in _PENDING),
            "tags": instance["tags"] if with_tags else [],
        }


def needed_by(definition: dict[str, Any], overrides: dict[str, Any]) -> dict[str, int]:
    """What a task reserves on an instance, in CPU units and MiB.

    This is the task's own size, or the sum of its containers' sizes. For memory, a container's
    reservation counts if it has one (API_ContainerDefinition, "memoryReservation").
    """
    containers: Iterable[dict[str, Any]] = definition["containerDefinitions"]
    cpu = sum(int(c["cpu"]) for c in containers)
    memory = sum(int(c.get("memoryReservation", c.get("memory", 0))) for c in containers)
    return {
        "CPU": fargate.cpu_units(overrides.get("cpu", definition.get("cpu", str(cpu)))),
        "MEMORY": fargate.memory_mib(
            overrides.get("memory", definition.get("memory", str(memory)))
        ),
    }


def _lacks(room: Mapping[str, int], needed: Mapping[str, int]) -> list[str]:
    return [name for name in _PLACED if room[name] < needed[name]]


def _instance_id(identity_document: str | None) -> str:
    """The id in the document that EC2 gives an instance's agent, or an invented one."""
    try:
        return str(json.loads(identity_document or "{}")["instanceId"])
    except (ValueError, KeyError, TypeError):
        return f"i-{uuid.uuid4().hex[:17]}"
