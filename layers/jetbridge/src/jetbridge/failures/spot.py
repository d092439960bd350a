"""FARGATE_SPOT → FARGATE, where the caller asked for it."""

from jetbridge.contract import Cause, Death, StartRequest
from jetbridge.failures.table import POLICY

SPOT = "FARGATE_SPOT"


def leaves_spot(request: StartRequest, deaths: list[Death]) -> bool:
    """Whether a launch after these deaths uses FARGATE instead of FARGATE_SPOT.

    A task that names neither a launch type nor a strategy uses its cluster's default strategy. Only
    a Spot interruption shows that this is Spot.
    """
    if request.backend != "ecs" or not request.failure_policy.spot_fall_back:
        return False
    if "launchType" in request.parameters:
        return False
    strategy = request.parameters.get("capacityProviderStrategy") or []
    on_spot = any(item.get("capacityProvider") == SPOT for item in strategy)
    causes = {death.cause for death in deaths if POLICY[death.cause].spot_fall_back}
    return Cause.SPOT_INTERRUPTION in causes or (on_spot and bool(causes))
