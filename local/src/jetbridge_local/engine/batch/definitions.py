"""Job definitions: registration, revisions and look-up.

Sources: API_RegisterJobDefinition, API_ContainerProperties.
"""

import copy
from collections.abc import Iterator
from typing import Any

from ..paging import page
from . import limits
from .arns import Arns, check_name
from .errors import client_error, request_error
from .multi_node import check_properties
from .pods import full_properties
from .requirements import check_fargate_size, requirements

_EMPTY_LISTS = (
    "command",
    "volumes",
    "environment",
    "mountPoints",
    "ulimits",
    "resourceRequirements",
    "secrets",
)
_KEPT = ("schedulingPriority", "timeout", "propagateTags", "consumableResourceProperties")
_ELSEWHERE = {
    "ecsProperties": "jobs with several containers (ecsProperties)",
}


class JobDefinitions:
    """All revisions of all definitions. Not thread-safe: the engine holds the lock."""

    def __init__(self, arns: Arns) -> None:
        self._arns = arns
        self._revisions: dict[str, list[dict[str, Any]]] = {}

    def register(self, parameters: dict[str, Any]) -> dict[str, Any]:
        name = parameters["jobDefinitionName"]
        check_name(name, "Job definition name")
        _check_kind(parameters)
        capabilities = parameters.get("platformCapabilities", ["EC2"])
        properties = _properties(parameters, capabilities)
        limits.check_retry_strategy(parameters.get("retryStrategy"))
        limits.check_timeout(parameters.get("timeout"))
        revisions = self._revisions.setdefault(name, [])
        revision = len(revisions) + 1
        definition = {
            "jobDefinitionName": name,
            "jobDefinitionArn": self._arns.definition(name, revision),
            "revision": revision,
            "status": "ACTIVE",
            "type": parameters["type"],
            "parameters": parameters.get("parameters", {}),
            "retryStrategy": limits.full_retry_strategy(parameters.get("retryStrategy")),
            **properties,
            "platformCapabilities": capabilities,
            "containerOrchestrationType": "EKS" if "eksProperties" in properties else "ECS",
            "tags": parameters.get("tags", {}),
        } | {member: parameters[member] for member in _KEPT if member in parameters}
        revisions.append(definition)
        return {k: definition[k] for k in ("jobDefinitionName", "jobDefinitionArn", "revision")}

    def deregister(self, reference: str) -> dict[str, Any]:
        """Make a revision inactive. As in AWS, a revision that doesn't exist is ignored."""
        definition = self.find(reference)
        if definition:
            definition["status"] = "INACTIVE"
        return {}

    def find(self, reference: str) -> dict[str, Any] | None:
        """Find a revision by name (the newest active one), ``name:revision`` or ARN (with or
        without the revision)."""
        name, _, revision = reference.rsplit("/", 1)[-1].partition(":")
        revisions = self._revisions.get(name, [])
        if (
            reference.startswith("arn:")
            and self._arns.definition(name, 0).rpartition(":")[0]
            != reference.partition(":job-definition/")[0] + f":job-definition/{name}"
        ):
            return None
        if revision:
            index = int(revision) if revision.isdecimal() else 0
            return revisions[index - 1] if 0 < index <= len(revisions) else None
        return next((d for d in reversed(revisions) if d["status"] == "ACTIVE"), None)

    def require_active(self, reference: str) -> dict[str, Any]:
        """Raises AwsError if no active revision exists, as jobs need one."""
        definition = self.find(reference)
        if definition and definition["status"] == "ACTIVE":
            return definition
        if reference.startswith("arn:"):
            raise client_error(f"JobDefinition {reference} not found.")
        raise client_error(
            f"JobDefinition name {reference} does not exist or is not in ACTIVE status"
        )

    def describe(self, parameters: dict[str, Any]) -> dict[str, Any]:
        items = sorted(self._wanted(parameters), key=_place)
        found, more = page(items, _place, parameters, "ClientException")
        return {"jobDefinitions": found, **more}

    def _wanted(self, parameters: dict[str, Any]) -> Iterator[dict[str, Any]]:
        references = parameters.get("jobDefinitions")
        name = parameters.get("jobDefinitionName")
        status = parameters.get("status")
        if references:
            definitions = [d for r in references for d in self._referenced(r)]
        else:
            definitions = [d for revisions in self._revisions.values() for d in revisions]
        for definition in definitions:
            if status in (None, definition["status"]) and name in (
                None,
                definition["jobDefinitionName"],
            ):
                yield definition

    def _referenced(self, reference: str) -> list[dict[str, Any]]:
        """As on AWS, a name or ARN without a revision finds nothing (aws/aws-sdk#94)."""
        found = self.find(reference) if ":" in reference.rsplit("/", 1)[-1] else None
        return [found] if found else []


def _check_kind(parameters: dict[str, Any]) -> None:
    for member, what in _ELSEWHERE.items():
        if member in parameters:
            raise client_error(f"{member}: the local AWS Batch doesn't run {what}.")
    nodes = "nodeProperties" in parameters
    if parameters["type"] != ("multinode" if nodes else "container"):
        raise client_error(f"type: '{parameters['type']}' doesn't go with these properties.")
    given = [
        m for m in ("containerProperties", "eksProperties", "nodeProperties") if m in parameters
    ]
    if len(given) > 1:
        raise client_error(f"Only one of {' and '.join(given)} can be provided.")
    if not given:
        raise client_error("containerProperties must be provided for a job definition")


def _properties(parameters: dict[str, Any], capabilities: list[str]) -> dict[str, Any]:
    """The container, pod or nodes of a definition, with the defaults that AWS fills in. Raises
    AwsError."""
    if "eksProperties" in parameters:
        return {"eksProperties": full_properties(parameters["eksProperties"])}
    if "nodeProperties" in parameters:
        if "FARGATE" in capabilities:
            raise client_error("Multi-node parallel jobs don't run on Fargate.")
        nodes = copy.deepcopy(parameters["nodeProperties"])
        check_properties(nodes)
        if (parameters.get("retryStrategy") or {}).get("attempts", 1) > 1:
            raise client_error("retryStrategy: the local AWS Batch tries no multi-node job again.")
        for each in nodes["nodeRangeProperties"]:
            each["container"] = _full_container(each["container"], capabilities)
        return {"nodeProperties": nodes}
    container = _full_container(parameters["containerProperties"], capabilities)
    return {"containerProperties": container}


def _full_container(container: dict[str, Any], capabilities: list[str]) -> dict[str, Any]:
    full: dict[str, Any] = {member: [] for member in _EMPTY_LISTS} | container
    _check_container(full, capabilities)
    return full


def _check_container(container: dict[str, Any], capabilities: list[str]) -> None:
    if not container.get("image"):
        raise request_error("Container properties image must not be empty")
    required = requirements(container)
    if "VCPU" not in required:
        raise request_error("vCPU is not provided.")
    if "MEMORY" not in required:
        raise request_error("Memory is not provided.")
    if "FARGATE" in capabilities:
        if "executionRoleArn" not in container:
            raise request_error("Fargate jobs require an executionRoleArn")
        check_fargate_size(required)


def _place(definition: dict[str, Any]) -> list[Any]:
    return [definition["jobDefinitionName"], definition["revision"]]
