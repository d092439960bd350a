"""What RunTask refuses before it launches anything.

Sources: API_RunTask and API_TaskOverride, and the service's own error texts.
"""

import json
from collections.abc import Sequence
from typing import Any

from .capacity import is_on_instances
from .errors import invalid_parameter

_MOST_TASKS = 10
_MOST_STARTED_BY = 128
_MOST_OVERRIDES = 8192
_MOST_TOKEN = 64
_MOST_TAGS = 50
_VISIBLE_ASCII = range(33, 127)


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
