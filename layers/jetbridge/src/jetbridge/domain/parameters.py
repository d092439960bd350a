"""The parameters of a launch: a pure function of the request and of what died before it.

ECS refuses a repeated client token with other parameters (ConflictException), and a repeated
launch must be the same launch.
"""

from typing import Any

from jetbridge.contract import Death, StartRequest
from jetbridge.domain.failures import leaves_spot
from jetbridge.domain.run import Run

Parameters = dict[str, Any]

ON_DEMAND = "FARGATE"
# Batch takes no shorter timeout (API reference of JobTimeout).
LEAST_BATCH_TIMEOUT_SECONDS = 60


def launch_parameters(run: Run) -> Parameters:
    """RunTask's or SubmitJob's parameters for the run's current launch."""
    request = run.request
    if request.backend == "ecs":
        return _run_task(request, run.deaths)
    return _submit_job(request)


def _run_task(request: StartRequest, deaths: list[Death]) -> Parameters:
    parameters = dict(request.parameters)
    if leaves_spot(request, deaths):
        # FARGATE and FARGATE_SPOT can't be mixed with other providers (API reference of RunTask).
        parameters["capacityProviderStrategy"] = [{"capacityProvider": ON_DEMAND, "weight": 1}]
    return parameters


def _submit_job(request: StartRequest) -> Parameters:
    """With the run's timeout as the attempt's, so that Batch itself ends what runs too long.

    The children of an array job have it each; the parent has none on AWS (user guide, "Array
    jobs") and is ended by the sweeper.
    """
    parameters = dict(request.parameters)
    limit = request.timeout_seconds
    if limit is not None and limit >= LEAST_BATCH_TIMEOUT_SECONDS and "timeout" not in parameters:
        parameters["timeout"] = {"attemptDurationSeconds": limit}
    return parameters
