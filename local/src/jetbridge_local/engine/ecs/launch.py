"""The tasks that RunTask makes.

Sources: API_RunTask, API_Task and botocore's model.
"""

import platform
import time
import uuid
from typing import Any

from ..containers import LogTarget, TaskContainer
from ..containers.definition import DEFAULT_STOP_TIMEOUT_SECONDS, pairs
from ..runner.base import ContainerPlan
from .arns import Arns, short_name
from .capacity import capacity_provider
from .clusters import has_insights
from .instances import needed_by
from .task import Task

_ARCHITECTURES = {"aarch64": "arm64", "arm64": "arm64"}
_TASK_OVERRIDES = ("cpu", "memory", "taskRoleArn", "executionRoleArn", "ephemeralStorage")


def make_task(
    parameters: dict[str, Any],
    cluster: dict[str, Any],
    definition: dict[str, Any],
    definition_tags: list[dict[str, Any]],
    arns: Arns,
    instance: dict[str, Any] | None = None,
) -> Task:
    """A task in its first state, for a request that has been checked.

    It runs on Fargate, or on the container ``instance``. Only tasks that get their own network
    interface start in PROVISIONING.
    """
    task_id = uuid.uuid4().hex
    arn = arns.task(cluster["clusterName"], task_id)
    overrides = _full_overrides(parameters.get("overrides", {}), definition)
    by_name = {o["name"]: o for o in overrides["containerOverrides"]}
    needed = needed_by(definition, overrides)
    has_interface = definition["networkMode"] == "awsvpc"
    attachments = [_network_interface(parameters["networkConfiguration"])] if has_interface else []
    record: dict[str, Any] = {
        "taskArn": arn,
        "clusterArn": cluster["clusterArn"],
        "taskDefinitionArn": definition["taskDefinitionArn"],
        "group": parameters.get("group", f"family:{definition['family']}"),
        **(_fargate(overrides, definition) if instance is None else _on(instance)),
        "attributes": [{"name": "ecs.cpu-architecture", "value": _architecture(definition)}],
        "availabilityZone": f"{arns.region}a",
        "cpu": str(needed["CPU"]),
        "memory": str(needed["MEMORY"]),
        "enableExecuteCommand": parameters.get("enableExecuteCommand", False),
        "inferenceAccelerators": [],
        "overrides": overrides,
        "attachments": attachments,
        "containers": [
            _container_record(container, arn, cluster["clusterName"], task_id, arns)
            for container in definition["containerDefinitions"]
        ],
        "createdAt": time.time(),
        "desiredStatus": "RUNNING",
        "lastStatus": "PROVISIONING" if attachments else "PENDING",
        "version": 1,
    }
    if "startedBy" in parameters:
        record["startedBy"] = parameters["startedBy"]
    if provider := capacity_provider(parameters, cluster):
        record["capacityProviderName"] = provider
    containers = [
        _task_container(container, by_name[container["name"]], task_id)
        for container in definition["containerDefinitions"]
    ]
    return Task(
        record,
        _tags(parameters, definition_tags),
        containers,
        has_insights=has_insights(cluster),
    )


def _fargate(overrides: dict[str, Any], definition: dict[str, Any]) -> dict[str, Any]:
    storage = definition.get("ephemeralStorage", {"sizeInGiB": 20})
    return {
        "launchType": "FARGATE",
        "platformVersion": "1.4.0",
        "platformFamily": "Linux",
        "ephemeralStorage": overrides.get("ephemeralStorage", storage),
    }


def _on(instance: dict[str, Any]) -> dict[str, Any]:
    return {"launchType": "EC2", "containerInstanceArn": instance["containerInstanceArn"]}


def _full_overrides(overrides: dict[str, Any], definition: dict[str, Any]) -> dict[str, Any]:
    """The overrides as AWS returns them: with an entry for each container of the definition."""
    given = {o["name"]: o for o in overrides.get("containerOverrides", [])}
    names = [container["name"] for container in definition["containerDefinitions"]]
    full: dict[str, Any] = {
        "containerOverrides": [given.get(name, {"name": name}) for name in names],
        "inferenceAcceleratorOverrides": overrides.get("inferenceAcceleratorOverrides", []),
    }
    return full | {name: overrides[name] for name in _TASK_OVERRIDES if name in overrides}


def _container_record(
    container: dict[str, Any], task_arn: str, cluster: str, task_id: str, arns: Arns
) -> dict[str, Any]:
    record = {
        "containerArn": arns.container(cluster, task_id, str(uuid.uuid4())),
        "taskArn": task_arn,
        "name": container["name"],
        "image": container["image"],
        "lastStatus": "PENDING",
        "networkInterfaces": [],
        "cpu": str(container["cpu"]),
    }
    for name in ("memory", "memoryReservation"):
        if name in container:
            record[name] = str(container[name])
    return record


def _network_interface(configuration: dict[str, Any]) -> dict[str, Any]:
    subnet = configuration["awsvpcConfiguration"]["subnets"][0]
    return {
        "id": str(uuid.uuid4()),
        "type": "ElasticNetworkInterface",
        "status": "PRECREATED",
        "details": [{"name": "subnetId", "value": short_name(subnet)}],
    }


def _task_container(
    container: dict[str, Any], override: dict[str, Any], task_id: str
) -> TaskContainer:
    environment = pairs(container["environment"]) | pairs(override.get("environment"))
    return TaskContainer(
        plan=ContainerPlan(
            name=container["name"],
            image=container["image"],
            entry_point=tuple(container.get("entryPoint", ())),
            command=tuple(override.get("command") or container.get("command", ())),
            environment=environment,
            working_directory=container.get("workingDirectory"),
        ),
        secrets={s["name"]: s["valueFrom"] for s in container.get("secrets", [])},
        log=LogTarget.from_configuration(
            container.get("logConfiguration"), container["name"], task_id
        ),
        essential=container["essential"],
        stop_timeout=container.get("stopTimeout", DEFAULT_STOP_TIMEOUT_SECONDS),
        depends_on=tuple(
            (d["containerName"], d["condition"]) for d in container.get("dependsOn", [])
        ),
    )


def _tags(
    parameters: dict[str, Any], definition_tags: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    inherited = definition_tags if parameters.get("propagateTags") == "TASK_DEFINITION" else []
    own: list[dict[str, Any]] = parameters.get("tags", [])
    names = {tag["key"] for tag in own}
    return [tag for tag in inherited if tag["key"] not in names] + own


def _architecture(definition: dict[str, Any]) -> str:
    wanted = definition.get("runtimePlatform", {}).get("cpuArchitecture", platform.machine())
    return _ARCHITECTURES.get(wanted.lower(), "x86_64")
