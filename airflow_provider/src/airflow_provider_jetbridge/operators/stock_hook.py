"""The amazon provider's hook, for subclasses that call AWS themselves."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from airflow_provider_jetbridge.operators.stack import UsesStack


class HasStockHook(UsesStack):
    """Mixin with the attributes that the amazon provider's operators and sensors have for calls to
    AWS. Jetbridge itself doesn't use them. The role of ``aws_conn_id`` needs the rights for these
    calls.
    """

    aws_hook_class: Any
    """The amazon provider's hook of the service."""

    @property
    def _hook_parameters(self) -> dict[str, Any]:
        return self._given_access.hook_parameters()

    @cached_property
    def hook(self) -> Any:
        """The amazon provider's hook of the service."""
        return self.aws_hook_class(**self._hook_parameters)


class HasEcsClient(HasStockHook):
    """Mixin with the ``client`` of the amazon provider's ECS operators and sensors."""

    @cached_property
    def client(self) -> Any:
        """boto3's client of ECS."""
        return self.hook.conn
