"""Compute environments."""

import uuid
from collections.abc import Callable
from typing import Any

from ..paging import page
from .arns import Arns, check_name
from .errors import client_error

_KEPT = (
    "state",
    "unmanagedvCpus",
    "computeResources",
    "serviceRole",
    "updatePolicy",
    "context",
    "eksConfiguration",
    "ecsSettings",
)


class ComputeEnvironments:
    """All compute environments. Not thread-safe: the engine holds the lock. ``changed`` is called
    after each change."""

    def __init__(self, arns: Arns, changed: Callable[[], None]) -> None:
        self._arns = arns
        self._changed = changed
        self._environments: dict[str, dict[str, Any]] = {}

    def create(self, parameters: dict[str, Any]) -> dict[str, Any]:
        name = parameters["computeEnvironmentName"]
        check_name(name, "Compute environment name")
        if name in self._environments:
            raise client_error("Object already exists")
        if parameters["type"] == "MANAGED" and "computeResources" not in parameters:
            raise client_error("computeResources must be provided for a MANAGED environment")
        arn = self._arns.environment(name)
        self._environments[name] = {
            "computeEnvironmentName": name,
            "computeEnvironmentArn": arn,
            "ecsClusterArn": self._arns.cluster(name),
            "type": parameters["type"],
            "state": "ENABLED",
            "status": "VALID",
            "statusReason": "ComputeEnvironment Healthy",
            "containerOrchestrationType": "EKS" if "eksConfiguration" in parameters else "ECS",
            "uuid": str(uuid.uuid4()),
            "tags": parameters.get("tags", {}),
            "serviceRole": (
                f"arn:aws:iam::{self._arns.account}:role/aws-service-role/batch.amazonaws.com/"
                "AWSServiceRoleForBatch"
            ),
        } | {name: parameters[name] for name in _KEPT if name in parameters}
        return {"computeEnvironmentName": name, "computeEnvironmentArn": arn}

    def update(self, parameters: dict[str, Any]) -> dict[str, Any]:
        environment = self.require(parameters["computeEnvironment"])
        resources = environment.get("computeResources", {}) | parameters.get("computeResources", {})
        environment |= {name: parameters[name] for name in _KEPT if name in parameters}
        if resources:
            environment["computeResources"] = resources
        self._changed()
        return {
            "computeEnvironmentName": environment["computeEnvironmentName"],
            "computeEnvironmentArn": environment["computeEnvironmentArn"],
        }

    def describe(self, parameters: dict[str, Any]) -> dict[str, Any]:
        wanted = parameters.get("computeEnvironments", [])
        items = (
            [e for name in wanted if (e := self.find(name))]
            if wanted
            else list(self._environments.values())
        )
        items.sort(key=_arn)
        found, more = page(items, _arn, parameters, "ClientException")
        return {"computeEnvironments": found, **more}

    def delete(self, name: str) -> None:
        """Delete an environment. Raises AwsError unless it is disabled. The caller has checked that
        no queue uses it."""
        environment = self.require(name)
        if environment["state"] != "DISABLED":
            raise client_error("Cannot delete, found existing ENABLED ComputeEnvironment")
        del self._environments[environment["computeEnvironmentName"]]

    def find(self, name_or_arn: str) -> dict[str, Any] | None:
        environment = self._environments.get(name_or_arn.rsplit("/", 1)[-1])
        if environment and name_or_arn in (
            environment["computeEnvironmentName"],
            environment["computeEnvironmentArn"],
        ):
            return environment
        return None

    def require(self, name_or_arn: str) -> dict[str, Any]:
        """The environment. Raises AwsError if it doesn't exist."""
        environment = self.find(name_or_arn)
        if environment is None:
            raise client_error(f"ComputeEnvironment {name_or_arn} does not exist")
        return environment


def _arn(environment: dict[str, Any]) -> str:
    return str(environment["computeEnvironmentArn"])
