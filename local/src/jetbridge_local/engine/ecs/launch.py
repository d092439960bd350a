"""RunTask: its checks, and the tasks that it makes.

Sources: API_RunTask and API_TaskOverride, botocore's model, and the service's own error texts.
"""

import json
import platform
import time
import uuid
from collections.abc import Sequence
from typing import Any

from ..containers import LogTarget, TaskContainer
from ..containers.definition import DEFAULT_STOP_TIMEOUT_SECONDS, pairs
from ..runner.base import ContainerPlan
from .arns import Arns, short_name
from .clusters import has_insights
from .errors import invalid_parameter
from .instances import needed_by
from .task import Task

_MOST_TASKS = 10
_MOST_STARTED_BY = 128
_MOST_OVERRIDES = 8192
_MOST_TOKEN = 64
_MOST_TAGS = 50
_VISIBLE_ASCII = range(33, 127)
_ARCHITECTURES = {"aarch64": "arm64", "arm64": "arm64"}
_TASK_OVERRIDES = ("cpu", "memory", "taskRoleArn", "executionRoleArn", "ephemeralStorage")


def check_request(
    parameters: dict[str, Any],
    cluster: dict[str, Any],
    definition: dict[str, Any],
    instances: Sequence[dict[str, Any]],
) -> None:
    """Raises AwsError for a request that AWS refuses before it launches anything.

    ``instances`` are the cluster's container instances.
    """
    if definition["status"] != "ACTIVE":
        raise invalid_parameter("TaskDefinition is inactive")
    if not 1 <= parameters.get("count", 1) <= _MOST_TASKS:
        raise invalid_parameter(f"count should be between 1 and {_MOST_TASKS}.")
    _check_text(parameters)
    _check_capacity(parameters, cluster, definition, instances)
    _check_network(parameters, definition)
    _check_overrides(parameters.get("overrides", {}), definition)


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
    if provider := _capacity_provider(parameters, cluster):
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


def _check_text(parameters: dict[str, Any]) -> None:
    started_by = parameters.get("startedBy", "")
    if len(started_by) > _MOST_STARTED_BY or not all(
        c.isascii() and (c.isalnum() or c in "-_/") for c in started_by
    ):
        raise invalid_parameter(
            f"startedBy can have up to {_MOST_STARTED_BY} letters (uppercase and lowercase), "
            f"numbers, hyphens, forward slashes and underscores: '{started_by}'."
        )
    token = parameters.get("clientToken", "")
    if len(token) > _MOST_TOKEN or not all(ord(c) in _VISIBLE_ASCII for c in token):
        raise invalid_parameter(
            f"clientToken can have up to {_MOST_TOKEN} ASCII characters in the range of 33-126."
        )
    if len(parameters.get("tags", [])) > _MOST_TAGS:
        raise invalid_parameter(f"A task can have up to {_MOST_TAGS} tags.")


def _check_capacity(
    parameters: dict[str, Any],
    cluster: dict[str, Any],
    definition: dict[str, Any],
    instances: Sequence[dict[str, Any]],
) -> None:
    strategy = parameters.get("capacityProviderStrategy")
    if strategy and "launchType" in parameters:
        raise invalid_parameter(
            "Specifying both a launch type and capacity provider strategy is not supported. "
            "Remove one and try again."
        )
    for item in strategy or []:
        if item["capacityProvider"] not in cluster["capacityProviders"]:
            raise invalid_parameter(
                "The specified capacity provider strategy cannot contain a capacity provider that "
                "is not associated with the cluster. Associate the capacity provider with the "
                "cluster and try again."
            )
    if not is_on_instances(parameters, cluster):
        if "FARGATE" not in definition["compatibilities"]:
            raise invalid_parameter("Task definition does not support launch_type FARGATE.")
    elif parameters.get("launchType") == "EXTERNAL" or not instances:
        raise invalid_parameter("No Container Instances were found in your cluster.")


def is_on_instances(parameters: dict[str, Any], cluster: dict[str, Any]) -> bool:
    """Whether the task runs on container instances instead of Fargate: EC2 is RunTask's default."""
    launch_type = parameters.get("launchType", "EC2")
    return launch_type != "FARGATE" and _capacity_provider(parameters, cluster) is None


def _capacity_provider(parameters: dict[str, Any], cluster: dict[str, Any]) -> str | None:
    """The capacity provider for the task: that with the highest base, then the highest weight."""
    if "launchType" in parameters:
        return None
    strategy = (
        parameters.get("capacityProviderStrategy") or cluster["defaultCapacityProviderStrategy"]
    )
    if not strategy:
        return None
    best = max(strategy, key=lambda item: (item.get("base", 0), item.get("weight", 0)))
    return str(best["capacityProvider"])


def _check_network(parameters: dict[str, Any], definition: dict[str, Any]) -> None:
    configuration = parameters.get("networkConfiguration", {}).get("awsvpcConfiguration")
    if definition["networkMode"] == "awsvpc":
        if configuration is None:
            raise invalid_parameter(
                "Network Configuration must be provided when networkMode 'awsvpc' is specified."
            )
        if not configuration["subnets"]:
            raise invalid_parameter("subnets can not be empty.")
    elif configuration is not None:
        raise invalid_parameter(
            "Network Configuration is not valid for the given networkMode of this task definition."
        )


def _check_overrides(overrides: dict[str, Any], definition: dict[str, Any]) -> None:
    if len(json.dumps(overrides, separators=(",", ":"))) > _MOST_OVERRIDES:
        raise invalid_parameter(f"Container Overrides length must be at most {_MOST_OVERRIDES}")
    names = {container["name"] for container in definition["containerDefinitions"]}
    for override in overrides.get("containerOverrides", []):
        if override.get("name") not in names:
            raise invalid_parameter(
                f"Override for container named {override.get('name')} is not a container in the "
                "TaskDefinition."
            )


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
