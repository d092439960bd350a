"""TRACEPARENT in the environment of a run's containers."""

import json
from collections.abc import Iterator
from typing import Any

import msgspec

from jetbridge.admission.containers import containers
from jetbridge.admission.job import PAYLOAD_LIMIT
from jetbridge.admission.task import OVERRIDES_LIMIT
from jetbridge.contract.trace import VARIABLE
from jetbridge.runs.run import Run

Parameters = dict[str, Any]
Environment = list[dict[str, str]]

# What SubmitJob adds of its own: the job's name and the definition's ARN.
_JOB_ROOM = 1024


def with_traceparent(run: Run, parameters: Parameters) -> Parameters:
    """A launch's parameters whose containers get the request's traceparent.

    They depend on nothing but the run, so a repeated launch has the same ones. The traceparent is
    the caller's own, so the containers' spans have their parent whatever this stack exports.

    A container that has the variable keeps its own. Where AWS's limits leave no room, the
    parameters stay as they are: a trace isn't worth a launch that is refused. Containers of a job
    are known where the request overrides them, and where there is only one.
    """
    traceparent = run.request.traceparent
    if not traceparent:
        return parameters
    ecs = run.backend == "ecs"
    traced: Parameters = msgspec.json.decode(msgspec.json.encode(parameters))
    for environment in _of_task(run, traced) if ecs else _of_job(run, traced):
        if all(pair.get("name") != VARIABLE for pair in environment):
            environment.append({"name": VARIABLE, "value": traceparent})
    return traced if _fits(traced, ecs) else parameters


def _of_task(run: Run, parameters: Parameters) -> Iterator[Environment]:
    """The environment of each of the definition's containers, in its order."""
    overrides = parameters.setdefault("overrides", {})
    overridden = overrides.setdefault("containerOverrides", [])
    known = {container.get("name"): container for container in overridden}
    for source in run.definition.log_sources if run.definition else []:
        if source.container not in known:
            known[source.container] = {"name": source.container}
            overridden.append(known[source.container])
        yield known[source.container].setdefault("environment", [])


def _of_job(run: Run, parameters: Parameters) -> Iterator[Environment]:
    sources = run.definition.log_sources if run.definition else []
    elsewhere = ("nodeOverrides", "ecsPropertiesOverride", "eksPropertiesOverride")
    alone = [source.container for source in sources] == ["default"]
    if alone and not any(name in parameters for name in elsewhere):
        parameters.setdefault("containerOverrides", {})
    for container in containers("submit_job", parameters):
        yield container.overrides.setdefault(container.environment_key, [])


def _fits(parameters: Parameters, ecs: bool) -> bool:
    if ecs:
        return len(msgspec.json.encode(parameters["overrides"]).decode()) <= OVERRIDES_LIMIT
    overrides = [each.overrides for each in containers("submit_job", parameters)]
    return (
        all(len(msgspec.json.encode(each).decode()) <= OVERRIDES_LIMIT for each in overrides)
        and len(json.dumps(parameters)) <= PAYLOAD_LIMIT - _JOB_ROOM
    )
