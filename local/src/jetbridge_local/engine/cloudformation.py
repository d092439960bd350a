"""The CloudFormation types of ECS and AWS Batch, which call the engines' operations.

What Ref and Fn::GetAtt return, and which changes replace a resource: AWS CloudFormation template
reference, the page of each type.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from .errors import AwsError
from .models import Service, check_request, operation_model
from .properties import members_of, to_api

type Properties = dict[str, Any]
type Resource = tuple[str, dict[str, Any]]

RESOURCE_TYPES = frozenset(
    {
        "AWS::ECS::Cluster",
        "AWS::ECS::TaskDefinition",
        "AWS::Batch::ComputeEnvironment",
        "AWS::Batch::JobQueue",
        "AWS::Batch::JobDefinition",
    }
)

_FOR_UPDATES = frozenset({"ReplaceComputeEnvironment", "UpdatePolicy"})


class Engine(Protocol):
    """Either engine."""

    def handle(self, operation: str, parameters: dict[str, Any]) -> dict[str, Any]: ...


@dataclass(frozen=True)
class ResourceType:
    """What a CloudFormation provisioner calls. Each function may raise AwsError, or PropertyError
    for a property that the type doesn't have.

    ``create(logical_id, properties, stack_name)`` and ``update(physical_id, old_properties,
    new_properties, stack_name, logical_id)`` return the physical id (which Ref returns) and the
    attributes. An update that returns a different physical id has replaced the resource and removed
    the old one. ``delete(physical_id, properties)`` succeeds if there is nothing to delete.
    """

    create: Callable[[str, Properties, str], Resource]
    update: Callable[[str, Properties, Properties, str, str], Resource]
    delete: Callable[[str, Properties], None]


def resource_types(ecs: Engine, batch: Engine) -> dict[str, ResourceType]:
    """The types by name, for these engines."""
    handlers: dict[str, _Handler] = {
        "AWS::ECS::Cluster": _Cluster(ecs),
        "AWS::ECS::TaskDefinition": _Revisions(
            ecs, "ecs", "RegisterTaskDefinition", "Family", "TaskDefinition"
        ),
        "AWS::Batch::ComputeEnvironment": _Switched(batch, "ComputeEnvironment"),
        "AWS::Batch::JobQueue": _Switched(batch, "JobQueue"),
        "AWS::Batch::JobDefinition": _Revisions(
            batch, "batch", "RegisterJobDefinition", "JobDefinitionName", "JobDefinition"
        ),
    }
    return {n: ResourceType(h.create, h.update, h.delete) for n, h in handlers.items()}


class _Handler(Protocol):
    def create(self, logical_id: str, properties: Properties, stack_name: str) -> Resource: ...

    def update(
        self, physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str
    ) -> Resource: ...

    def delete(self, physical_id: str, properties: Properties) -> None: ...


class _Cluster:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def create(self, logical_id: str, properties: Properties, stack_name: str) -> Resource:
        named = {"ClusterName": _name(stack_name, logical_id)} | _renamed(properties)
        cluster = _call(self._engine, "ecs", "CreateCluster", named)["cluster"]
        return cluster["clusterName"], {"Arn": cluster["clusterArn"]}

    def update(
        self, physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str
    ) -> Resource:
        if new.get("ClusterName", physical_id) != physical_id:
            replacement = self.create(logical_id, new, stack_name)
            self.delete(physical_id, old)
            return replacement
        properties = {"Cluster": physical_id, **_renamed(new)}
        strategy = new.get("DefaultCapacityProviderStrategy", [])
        changes = {k: v for k, v in properties.items() if k in ("Cluster", "Settings")}
        _call(self._engine, "ecs", "UpdateCluster", changes)
        providers = {
            "Cluster": physical_id,
            "CapacityProviders": new.get("CapacityProviders", []),
            "DefaultCapacityProviderStrategy": strategy,
        }
        cluster = _call(self._engine, "ecs", "PutClusterCapacityProviders", providers)["cluster"]
        _retag(self._engine, "ecs", cluster["clusterArn"], new)
        return physical_id, {"Arn": cluster["clusterArn"]}

    def delete(self, physical_id: str, properties: Properties) -> None:
        try:
            self._engine.handle("DeleteCluster", {"cluster": physical_id})
        except AwsError as error:
            if error.code != "ClusterNotFoundException":
                raise


class _Revisions:
    """Task and job definitions: every change makes a new revision, which replaces the old one."""

    def __init__(
        self, engine: Engine, service: Service, operation: str, name: str, noun: str
    ) -> None:
        self._engine = engine
        self._service = service
        self._operation = operation
        self._name = name
        self._noun = noun

    def create(self, logical_id: str, properties: Properties, stack_name: str) -> Resource:
        return self._register({self._name: _name(stack_name, logical_id)} | properties)

    def update(
        self, physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str
    ) -> Resource:
        family = physical_id.rsplit("/", 1)[-1].partition(":")[0]
        replacement = self._register({self._name: family} | new)
        self.delete(physical_id, old)
        return replacement

    def delete(self, physical_id: str, properties: Properties) -> None:
        parameter = self._noun[0].lower() + self._noun[1:]
        try:
            self._engine.handle(f"Deregister{self._noun}", {parameter: physical_id})
        except AwsError as error:
            if error.code != "ClientException":
                raise

    def _register(self, properties: Properties) -> Resource:
        answer = _call(self._engine, self._service, self._operation, properties)
        arn = answer.get("jobDefinitionArn") or answer["taskDefinition"]["taskDefinitionArn"]
        return arn, {f"{self._noun}Arn": arn}


class _Switched:
    """Compute environments and job queues: they are disabled before they are deleted."""

    def __init__(self, engine: Engine, noun: str) -> None:
        self._engine = engine
        self._noun = noun
        self._parameter = noun[0].lower() + noun[1:]

    def create(self, logical_id: str, properties: Properties, stack_name: str) -> Resource:
        named = {f"{self._noun}Name": _name(stack_name, logical_id)} | properties
        at_creation = {k: v for k, v in named.items() if k not in _FOR_UPDATES}
        answer = _call(self._engine, "batch", f"Create{self._noun}", at_creation)
        return self._resource(answer)

    def update(
        self, physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str
    ) -> Resource:
        updatable = members_of("batch", f"Update{self._noun}")
        changed = {k for k in old.keys() | new.keys() if old.get(k) != new.get(k)}
        if not {k.lower() for k in changed} <= updatable | {"tags", "replacecomputeenvironment"}:
            replacement = self.create(logical_id, new, stack_name)
            self.delete(physical_id, old)
            return replacement
        changes = {k: v for k, v in new.items() if k in changed and k.lower() in updatable}
        answer = _call(
            self._engine, "batch", f"Update{self._noun}", {self._noun: physical_id, **changes}
        )
        _retag(self._engine, "batch", physical_id, new)
        return self._resource(answer)

    def delete(self, physical_id: str, properties: Properties) -> None:
        described = self._engine.handle(
            f"Describe{self._noun}s", {f"{self._parameter}s": [physical_id]}
        )
        if described[f"{self._parameter}s"]:
            target = {self._parameter: physical_id}
            self._engine.handle(f"Update{self._noun}", {**target, "state": "DISABLED"})
            self._engine.handle(f"Delete{self._noun}", target)

    def _resource(self, answer: dict[str, Any]) -> Resource:
        arn = answer[f"{self._parameter}Arn"]
        return arn, {f"{self._noun}Arn": arn}


def _call(
    engine: Engine, service: Service, operation: str, properties: Properties
) -> dict[str, Any]:
    shape = operation_model(service, operation).input_shape
    assert shape is not None
    parameters = to_api(properties, shape, operation)
    check_request(service, operation, parameters)
    return engine.handle(operation, parameters)


def _retag(engine: Engine, service: Service, arn: str, properties: Properties) -> None:
    if tags := properties.get("Tags"):
        _call(engine, service, "TagResource", {"ResourceArn": arn, "Tags": tags})


def _renamed(properties: Properties) -> Properties:
    """Rename a property: AWS::ECS::Cluster has ClusterSettings where the API has settings."""
    return {("Settings" if k == "ClusterSettings" else k): v for k, v in properties.items()}


def _name(stack_name: str, logical_id: str) -> str:
    """A name in CloudFormation's style for a resource without one."""
    return f"{stack_name}-{logical_id}"[:110] + f"-{uuid.uuid4().hex[:12]}"
