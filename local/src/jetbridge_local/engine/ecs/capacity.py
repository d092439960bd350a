"""Where a task runs: on Fargate, by a capacity provider, or on container instances."""

from typing import Any


def is_on_instances(parameters: dict[str, Any], cluster: dict[str, Any]) -> bool:
    """Whether the task runs on container instances instead of Fargate: EC2 is RunTask's default."""
    launch_type = parameters.get("launchType", "EC2")
    return launch_type != "FARGATE" and capacity_provider(parameters, cluster) is None


def capacity_provider(parameters: dict[str, Any], cluster: dict[str, Any]) -> str | None:
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
