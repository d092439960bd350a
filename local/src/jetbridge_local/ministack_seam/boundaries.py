"""CloudFormation: a role has the permissions boundary that its template gives it.

ministack decides by a role's boundary, but its roles of CloudFormation never have one. Source: AWS
CloudFormation's reference of AWS::IAM::Role, "PermissionsBoundary" (changes without an
interruption).
"""

from typing import Any

from ministack.services import iam
from ministack.services.cloudformation import provisioners


def install() -> None:
    """To be called before others wrap the making of roles."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::IAM::Role"]
    create, update = handlers["create"], handlers["update"]

    def create_bounded(logical_id: str, properties: dict[str, Any], *rest: Any) -> Any:
        made = create(logical_id, properties, *rest)
        _bound(made[0], properties)
        return made

    def update_bounded(
        physical_id: str, old: dict[str, Any], new: dict[str, Any], *rest: Any
    ) -> Any:
        updated = update(physical_id, old, new, *rest)
        _bound(updated[0], new)
        return updated

    handlers["create"], handlers["update"] = create_bounded, update_bounded


def _bound(role: str, properties: dict[str, Any]) -> None:
    iam._roles[role]["PermissionsBoundary"] = properties.get("PermissionsBoundary")
