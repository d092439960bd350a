"""Access to AWS in the same way as the amazon provider's operators: a connection and keywords."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

DISTRIBUTION = "airflow-provider-jetbridge"


@dataclass(frozen=True, slots=True)
class AwsAccess:
    """How to reach AWS, by the keywords that every operator of the amazon provider takes.

    ``botocore_config`` is kept as JSON text, so that equal configurations are equal dictionary
    keys.
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

    ``defaults`` are botocore ``Config`` options. They apply unless the operator's
    ``botocore_config`` or the connection's ``config_kwargs`` sets the same option.
    """
    from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook
    from botocore.config import Config

    hook: Any = AwsBaseHook(client_type=service, **access.hook_parameters())
    config = Config(**defaults).merge(hook.config)
    # The hook's own get_client_type loads all installed providers for its user agent, which takes
    # two seconds in a process of Airflow 3.0. So it isn't used.
    agent = f"{DISTRIBUTION}/{version(DISTRIBUTION)} {config.user_agent_extra or ''}".strip()
    return hook.get_session().client(
        service,
        endpoint_url=hook.conn_config.get_service_endpoint_url(service_name=service),
        config=config.merge(Config(user_agent_extra=agent)),
        verify=hook.verify,
    )
