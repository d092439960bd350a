"""What SubmitJob refuses although its service model allows it.

The rules are those of the AWS Batch API reference (SubmitJob, ArrayProperties, JobTimeout,
RetryStrategy, EvaluateOnExit, ContainerOverrides, TaskContainerOverrides) and of the AWS Batch
user guide, "Service quotas".
"""

import json
import re
from typing import Any

import msgspec

from jetbridge.admission.allowed import Allowed
from jetbridge.admission.containers import containers, ecs_overrides, pods
from jetbridge.admission.shapes import shown
from jetbridge.contract import ContractError

PAYLOAD_LIMIT = 30 * 1024

_JOB_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
# AWS's own examples have a hyphen (API reference of SubmitJob; "Share identifiers" in the AWS
# Batch user guide); what else it takes isn't documented.
_SHARE = re.compile(r"[!-~]{1,255}")
_EXIT_CODE = re.compile(r"[0-9]*\*?")
_RANGES = {
    "arrayProperties.size": (2, 10_000),
    "retryStrategy.attempts": (1, 10),
    "timeout.attemptDurationSeconds": (60, 2**31 - 1),
    "schedulingPriorityOverride": (0, 9999),
}
_MOST_CONDITIONS = 5
_MOST_DEPENDENCIES = 20
_LONGEST_GLOB = 512
_OVERRIDES = (
    "containerOverrides",
    "ecsPropertiesOverride",
    "eksPropertiesOverride",
    "nodeOverrides",
)
_DEFINITIONS_OWN = ("is decided by the job definition", "Leave it out")
# What launch_run makes of the request: the job's name grows up to its limit, the definition to
# its ARN with a revision.
_REVISION = ":2147483647"
_LONGEST_NAME = "n" * 128


def check_job(parameters: dict[str, Any], allowed: Allowed) -> None:
    """Check SubmitJob's parameters, whose shapes are already checked, against AWS's rules and the
    stack's.

    Raises:
        ContractError: names the field, what is wrong, and what to do.
    """
    if not _JOB_NAME.fullmatch(parameters["jobName"]):
        raise _error(
            "jobName",
            f"is {shown(parameters['jobName'])}",
            "AWS allows up to 128 of A-Z, a-z, 0-9, - and _, a letter or digit first",
        )
    for path, (low, high) in _RANGES.items():
        value = _at(parameters, path)
        if value is not None and not low <= value <= high:
            raise _error(path, f"is {value}", f"AWS allows {low} to {high}")
    share = parameters.get("shareIdentifier")
    if share is not None and not _SHARE.fullmatch(share):
        raise _error(
            "shareIdentifier", f"is {shown(share)}", "AWS allows up to 255 letters, digits and -"
        )
    _check_overrides(parameters)
    _check_retries(parameters.get("retryStrategy", {}))
    _check_dependencies(parameters)
    allowed.check_job_queue("submit_job.jobQueue", parameters["jobQueue"])
    allowed.check_job_definition("submit_job.jobDefinition", parameters["jobDefinition"])


def payload_bytes(parameters: dict[str, Any], allowed: Allowed) -> int:
    """Bytes of SubmitJob's payload as boto3 will send it; AWS allows `PAYLOAD_LIMIT`."""
    definition = parameters["jobDefinition"]
    if not definition.startswith("arn:"):
        definition = allowed.place.arn("batch", f"job-definition/{definition}")
    sent = parameters | {"jobName": _LONGEST_NAME, "jobDefinition": definition + _REVISION}
    return len(json.dumps(sent))


def longest_override(parameters: dict[str, Any]) -> tuple[str, int]:
    """The longest of a job's overrides of containers on ECS, and its characters as JSON.

    Batch accepts a job with more than ECS's `OVERRIDES_LIMIT`, and fails it when it should start:
    "Container Overrides length must be at most 8192".
    """
    lengths = {
        path: len(msgspec.json.encode(overrides).decode())
        for path, overrides in ecs_overrides(parameters)
    }
    return max(lengths.items(), key=lambda item: item[1], default=("", 0))


def _check_overrides(parameters: dict[str, Any]) -> None:
    given = [name for name in _OVERRIDES if parameters.get(name)]
    if len(given) > 1:
        raise _error(given[1], f"and {given[0]} are both given", "A job has one kind of override")
    if parameters.get("nodeOverrides") and parameters.get("arrayProperties"):
        raise _error("arrayProperties", "is given with nodeOverrides", "Leave one of the two out")
    for container in containers("submit_job", parameters):
        if "" in container.overrides.get("command", []):
            raise ContractError(
                f"{container.path}.command", "has an empty string", "AWS allows none: leave it out"
            )
        # A caller who may start a job may not choose what the job is.
        if "image" in container.overrides:
            raise ContractError(f"{container.path}.image", *_DEFINITIONS_OWN)
        for index, pair in enumerate(container.environment):
            if pair.get("name", "").startswith("AWS_BATCH"):
                path = f"{container.environment_path}[{index}].name"
                raise ContractError(path, "begins with AWS_BATCH", "Batch reserves that prefix")
    for path, pod in pods(parameters):
        if "namespace" in pod.get("metadata", {}):
            raise _error(f"{path}.metadata.namespace", *_DEFINITIONS_OWN)


def _check_retries(strategy: dict[str, Any]) -> None:
    conditions = strategy.get("evaluateOnExit", [])
    field = "retryStrategy.evaluateOnExit"
    if conditions and "attempts" not in strategy:
        raise _error(
            "retryStrategy.attempts", "is missing", "evaluateOnExit needs it: give 1 to 10"
        )
    if len(conditions) > _MOST_CONDITIONS:
        raise _error(field, f"has {len(conditions)} items", "AWS allows 5 at most")
    for index, condition in enumerate(conditions):
        for name in ("onStatusReason", "onReason", "onExitCode"):
            if len(condition.get(name, "")) > _LONGEST_GLOB:
                length = len(condition[name])
                raise _error(f"{field}[{index}].{name}", f"has {length} characters", "512 at most")
        code = condition.get("onExitCode", "")
        if not _EXIT_CODE.fullmatch(code):
            raise _error(
                f"{field}[{index}].onExitCode", f"is {shown(code)}", "Digits, and * at the end"
            )


def _check_dependencies(parameters: dict[str, Any]) -> None:
    dependencies = parameters.get("dependsOn", [])
    if len(dependencies) > _MOST_DEPENDENCIES:
        raise _error("dependsOn", f"has {len(dependencies)} items", "AWS allows 20 at most")
    for index, dependency in enumerate(dependencies):
        if not dependency.get("jobId") and dependency.get("type") != "SEQUENTIAL":
            raise _error(f"dependsOn[{index}].jobId", "is missing", "Name the job to wait for")


def _at(parameters: dict[str, Any], path: str) -> Any:
    value: Any = parameters
    for name in path.split("."):
        value = (value or {}).get(name)
    return value


def _error(field: str, problem: str, fix: str) -> ContractError:
    return ContractError(f"submit_job.{field}", problem, fix)
