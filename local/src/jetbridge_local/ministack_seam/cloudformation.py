"""CloudFormation: resource types of our own."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from ministack.services.cloudformation import provisioners


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
    for name, kind in types.items():
        provisioners._RESOURCE_HANDLERS[name] = {
            "create": kind.create,
            "update": kind.update,
            "update_with_logical_id": True,
            "delete": kind.delete,
        }
