"""CloudFormation: resource types of our own."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from ministack.services.cloudformation import provisioners

_TAGS = {
    "AWS::Batch::ComputeEnvironment": ("Tags", "map"),
    "AWS::Batch::JobDefinition": ("Tags", "map"),
    "AWS::Batch::JobQueue": ("Tags", "map"),
    "AWS::ECS::TaskDefinition": ("Tags", "list"),
    "AWS::Events::Rule": ("Tags", "list"),
    "AWS::S3::Bucket": ("Tags", "list"),
}
"""Types to which a stack's tags go, beside those that ministack knows, with the property and its
form ("Resource tag" in the AWS CloudFormation user guide; the tags of each type in the template
reference)."""


class ResourceType(Protocol):
    """One resource type. Physical id and attributes (for GetAtt) are what the functions return.

    ``create(logical_id, properties, stack_name)``; ``update(physical_id, old_properties,
    new_properties, stack_name, logical_id)``; ``delete(physical_id, properties)``.
    """

    @property
    def create(self) -> Callable[..., Any]: ...

    @property
    def update(self) -> Callable[..., Any]: ...

    @property
    def delete(self) -> Callable[..., Any]: ...


def register(types: Mapping[str, ResourceType]) -> None:
    """Let these types make, change and delete their resources in place of ministack's."""
    provisioners._STACK_TAG_PROPERTY.update(_TAGS)
    for name, kind in types.items():
        provisioners._RESOURCE_HANDLERS[name] = {
            "create": kind.create,
            "update": kind.update,
            "update_with_logical_id": True,
            "delete": kind.delete,
        }
