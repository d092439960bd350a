"""What RunTask refuses although its service model allows it.

The rules are those of the Amazon ECS API reference (RunTask, TaskOverride, ContainerOverride,
AwsVpcConfiguration, CapacityProviderStrategyItem, EphemeralStorage).
"""

from typing import Any

import msgspec

from jetbridge.admission.allowed import Allowed
from jetbridge.contract import ContractError

OVERRIDES_LIMIT = 8192
DEFAULT_CLUSTER = "default"

_FARGATE = {"FARGATE", "FARGATE_SPOT"}
_EPHEMERAL_GIB = range(21, 201)
_MOST = {"capacityProviderStrategy": 20, "placementConstraints": 10, "placementStrategy": 5}
_MOST_SUBNETS = 16
_MOST_SECURITY_GROUPS = 5


def check_task(parameters: dict[str, Any], allowed: Allowed) -> None:
    """Check RunTask's parameters, whose shapes are already checked, against AWS's rules and the
    stack's.

    Raises:
        ContractError: names the field, what is wrong, and what to do.
    """
    for name, most in _MOST.items():
        if len(parameters.get(name, [])) > most:
            raise _error(name, f"has {len(parameters[name])} items", f"AWS allows {most} at most")
    _check_where_it_runs(parameters)
    _check_network(parameters)
    overrides = parameters.get("overrides", {})
    _check_containers(overrides.get("containerOverrides", []))
    _check_storage(overrides)
    if parameters.get("propagateTags") == "SERVICE":
        raise _error("propagateTags", "is SERVICE", "Only services have that: TASK_DEFINITION")
    _check_allowed(parameters, allowed)


def overrides_length(parameters: dict[str, Any]) -> int:
    """Characters of the overrides as JSON; RunTask allows `OVERRIDES_LIMIT`."""
    return len(msgspec.json.encode(parameters.get("overrides", {})).decode())


def _check_allowed(parameters: dict[str, Any], allowed: Allowed) -> None:
    allowed.check_cluster("run_task.cluster", parameters.get("cluster", DEFAULT_CLUSTER))
    allowed.check_task_definition("run_task.taskDefinition", parameters["taskDefinition"])
    overrides = parameters.get("overrides", {})
    for name in ("taskRoleArn", "executionRoleArn"):
        if name in overrides:
            allowed.check_role(f"run_task.overrides.{name}", overrides[name])
    for index, volume in enumerate(parameters.get("volumeConfigurations", [])):
        if "managedEBSVolume" in volume:
            path = f"run_task.volumeConfigurations[{index}].managedEBSVolume"
            allowed.check_role(f"{path}.roleArn", volume["managedEBSVolume"]["roleArn"])


def _check_where_it_runs(parameters: dict[str, Any]) -> None:
    launch_type = parameters.get("launchType")
    strategy = parameters.get("capacityProviderStrategy", [])
    if launch_type and strategy:
        raise _error(
            "launchType",
            "and capacityProviderStrategy are both given",
            "Give one of the two: FARGATE_SPOT and FARGATE are capacity providers, too",
        )
    if launch_type == "MANAGED_INSTANCES":
        raise _error("launchType", "is MANAGED_INSTANCES", "Give capacityProviderStrategy instead")
    if strategy:
        _check_strategy(strategy)
    if launch_type in ("EC2", "EXTERNAL") and parameters.get("platformVersion"):
        raise _error("platformVersion", f"is given with {launch_type}", "Only Fargate has versions")
    if _on_fargate(parameters):
        for name in ("placementConstraints", "placementStrategy"):
            if parameters.get(name):
                raise _error(name, "is given for Fargate", "Leave it out: Fargate places tasks")


def _check_strategy(strategy: list[dict[str, Any]]) -> None:
    field = "capacityProviderStrategy"
    if not any(item.get("weight", 0) for item in strategy) and len(strategy) > 1:
        raise _error(field, "has no weight above 0", "Give one of its providers a weight")
    if sum(item.get("base", 0) > 0 for item in strategy) > 1:
        raise _error(field, "has several bases", "Give a base to only one provider")
    kinds = {item["capacityProvider"] in _FARGATE for item in strategy}
    if len(kinds) > 1:
        raise _error(field, "mixes Fargate with others", "Keep to one of the two")


def _on_fargate(parameters: dict[str, Any]) -> bool:
    strategy = parameters.get("capacityProviderStrategy", [])
    by_provider = bool(strategy) and all(item["capacityProvider"] in _FARGATE for item in strategy)
    return parameters.get("launchType") == "FARGATE" or by_provider


def _check_network(parameters: dict[str, Any]) -> None:
    configuration = parameters.get("networkConfiguration", {}).get("awsvpcConfiguration")
    field = "networkConfiguration.awsvpcConfiguration"
    if configuration is None:
        if _on_fargate(parameters):
            raise _error(field, "is missing", "Fargate needs it: give the task's subnets")
        return
    subnets, groups = configuration["subnets"], configuration.get("securityGroups", [])
    if not 1 <= len(subnets) <= _MOST_SUBNETS:
        raise _error(f"{field}.subnets", f"has {len(subnets)} items", "AWS allows 1 to 16")
    if len(groups) > _MOST_SECURITY_GROUPS:
        raise _error(f"{field}.securityGroups", f"has {len(groups)} items", "AWS allows 5 at most")
    if configuration.get("assignPublicIp") == "ENABLED" and parameters.get("launchType") == "EC2":
        raise _error(f"{field}.assignPublicIp", "is ENABLED with EC2", "Only Fargate has it")


def _check_containers(containers: list[dict[str, Any]]) -> None:
    seen: set[str] = set()
    for index, container in enumerate(containers):
        field = f"overrides.containerOverrides[{index}]"
        name = container.get("name")
        if not name:
            raise _error(f"{field}.name", "is missing", "Name the container that it is for")
        if name in seen:
            raise _error(f"{field}.name", f"is {name!r} again", "Give each container one override")
        seen.add(name)
        reserved, limit = container.get("memoryReservation"), container.get("memory")
        if reserved is not None and limit is not None and reserved > limit:
            raise _error(
                f"{field}.memoryReservation", f"is more than memory, {limit}", "Give less of it"
            )
        for number, requirement in enumerate(container.get("resourceRequirements", [])):
            if ("value" in requirement) == ("sharingStrategy" in requirement):
                path = f"{field}.resourceRequirements[{number}]"
                raise _error(path, "has both or neither", "Give value, or a GPU's sharingStrategy")


def _check_storage(overrides: dict[str, Any]) -> None:
    size = overrides.get("ephemeralStorage", {}).get("sizeInGiB")
    if size is not None and size not in _EPHEMERAL_GIB:
        raise _error("overrides.ephemeralStorage.sizeInGiB", f"is {size}", "AWS allows 21 to 200")


def _error(field: str, problem: str, fix: str) -> ContractError:
    return ContractError(f"run_task.{field}", problem, fix)
