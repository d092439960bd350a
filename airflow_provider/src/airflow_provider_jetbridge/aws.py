"""AWS access as the amazon provider's operators have it: one connection, four keywords."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

DISTRIBUTION = "airflow-provider-jetbridge"


@dataclass(frozen=True, slots=True)
class AwsAccess:
    """How to reach AWS; the keywords every operator of the amazon provider shares.

    ``botocore_config`` is kept as JSON text, so that two equal ones are one dictionary key.
    """

    aws_conn_id: str | None = "aws_default"
    region_name: str | None = None
    verify: bool | str | None = None
    botocore_config: str | None = None

    @classmethod
    def of(
        cls,
        aws_conn_id: str | None,
        region_name: str | None,
        verify: bool | str | None,
        botocore_config: dict[str, Any] | None,
    ) -> AwsAccess:
        config = json.dumps(botocore_config, sort_keys=True) if botocore_config else None
        return cls(aws_conn_id, region_name, verify, config)

    def hook_parameters(self) -> dict[str, Any]:
        """Keyword arguments of the amazon provider's ``AwsBaseHook``."""
        return {
            "aws_conn_id": self.aws_conn_id,
            "region_name": self.region_name,
            "verify": self.verify,
            "config": json.loads(self.botocore_config) if self.botocore_config else None,
        }


def client(access: AwsAccess, service: str, **defaults: Any) -> Any:
    """A boto3 client for ``service``.

    ``defaults`` are botocore ``Config`` options that hold where neither the operator's
    ``botocore_config`` nor the connection's ``config_kwargs`` says otherwise.
    """
    from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook
    from botocore.config import Config

    hook: Any = AwsBaseHook(client_type=service, **access.hook_parameters())
    config = Config(**defaults).merge(hook.config)
    # Not the hook's own get_client_type: for its user agent it loads all installed providers,
    # which takes a process of Airflow 3.0 two seconds.
    agent = f"{DISTRIBUTION}/{version(DISTRIBUTION)} {config.user_agent_extra or ''}".strip()
    return hook.get_session().client(
        service,
        endpoint_url=hook.conn_config.get_service_endpoint_url(service_name=service),
        config=config.merge(Config(user_agent_extra=agent)),
        verify=hook.verify,
    )
