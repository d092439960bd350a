"""The parameters of a launch. They depend only on the request and on the launches that died before.

ECS refuses a client token that is repeated with other parameters (ConflictException), so a repeated
launch must have the same ones.
"""

from typing import Any

from jetbridge.contract import Death, StartRequest
from jetbridge.failures import leaves_spot
from jetbridge.runs.run import Run

Parameters = dict[str, Any]

ON_DEMAND = "FARGATE"
# Batch takes no shorter timeout (API reference of JobTimeout).
LEAST_BATCH_TIMEOUT_SECONDS = 60


def launch_parameters(run: Run) -> Parameters:
    """RunTask's or SubmitJob's parameters for the current launch of a run whose definition is
    known."""
    request = run.request
    if request.backend == "ecs":
        return _run_task(request, run.deaths)
    return _submit_job(run)


def _run_task(request: StartRequest, deaths: list[Death]) -> Parameters:
    parameters = dict(request.parameters)
    if leaves_spot(request, deaths):
        # FARGATE and FARGATE_SPOT can't be mixed with other providers (API reference of RunTask).
        parameters["capacityProviderStrategy"] = [{"capacityProvider": ON_DEMAND, "weight": 1}]
    return parameters


def _submit_job(run: Run) -> Parameters:
    parameters = dict(run.request.parameters)
    if limited_by_run(run):
        parameters["timeout"] = {"attemptDurationSeconds": run.request.timeout_seconds}
    return parameters


def limited_by_run(run: Run) -> bool:
    """Whether each attempt of a Batch job gets the run's timeout, so that Batch itself ends
    attempts that run too long.

    SubmitJob's timeout takes the place of the definition's (API reference of SubmitJob), so one
    that is longer is left out. The children of an array job have it each; the parent has none on
    AWS (user guide, "Array jobs") and is ended by the sweeper.
    """
    limit = run.request.timeout_seconds
    if run.backend != "batch" or limit is None or limit < LEAST_BATCH_TIMEOUT_SECONDS:
        return False
    own = run.definition.timeout_seconds if run.definition else None
    return "timeout" not in run.request.parameters and (own is None or limit < own)
