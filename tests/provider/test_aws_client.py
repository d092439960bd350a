"""The AWS clients: those of the amazon provider's hook, without what its user agent costs."""

import json
from typing import Any

import pytest
from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook
from airflow.providers_manager import ProvidersManager
from botocore.config import Config

from airflow_provider_jetbridge import aws

X = {"user_agent_extra": "x"}
EXTRAS = {
    "a region": {"region_name": "eu-west-3"},
    "one endpoint": {"endpoint_url": "http://127.0.0.1:4566"},
    "an endpoint of the service": {
        "endpoint_url": "http://127.0.0.1:4566",
        "service_config": {"lambda": {"endpoint_url": "http://127.0.0.1:4567"}},
    },
    "settings of botocore": {
        "config_kwargs": {
            "read_timeout": 7,
            "retries": {"mode": "adaptive"},
            "user_agent_extra": "x",
        }
    },
    "no verification": {"verify": False},
}
ACCESSES = [
    aws.AwsAccess(region_name="us-west-2"),
    aws.AwsAccess(botocore_config=json.dumps({"connect_timeout": 3, "user_agent_extra": "mine"})),
    aws.AwsAccess(verify="/etc/ssl/certs"),
]


def seen(client: Any) -> dict[str, Any]:
    """What a client was made with."""
    meta, endpoint = client.meta, client._endpoint
    config = meta.config
    credentials = client._request_signer._credentials
    return {
        "endpoint": meta.endpoint_url,
        "region": meta.region_name,
        "timeouts": (config.connect_timeout, config.read_timeout),
        "retries": config.retries,
        "verify": endpoint.http_session._verify,
        "credentials": (credentials.access_key, credentials.secret_key),
    }


@pytest.mark.parametrize(
    ("extra", "access"),
    [
        *((extra, aws.AwsAccess()) for extra in EXTRAS.values()),
        *((EXTRAS["settings of botocore"], access) for access in ACCESSES),
    ],
)
def test_a_client_is_that_of_the_hook(
    monkeypatch: pytest.MonkeyPatch, extra: Any, access: Any
) -> None:
    connection = {"conn_type": "aws", "login": "key", "password": "secret", "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", json.dumps(connection))
    hook = AwsBaseHook(client_type="lambda", **access.hook_parameters())
    theirs = hook.get_client_type(config=Config(read_timeout=60).merge(hook.config))
    ours = aws.client(access, "lambda", read_timeout=60)
    assert seen(ours) == seen(theirs)
    given = theirs.meta.config.user_agent_extra.split()[-1]
    agent = ours.meta.config.user_agent_extra
    assert agent.startswith("airflow-provider-jetbridge/")
    if given in ("x", "mine"):
        assert agent.endswith(f" {given}")


def test_making_a_client_loads_no_providers(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(self: Any) -> None:
        raise AssertionError("all installed providers are loaded")

    monkeypatch.setattr(ProvidersManager, "initialize_providers_hooks", load)
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", '{"conn_type": "aws"}')
    aws.client(aws.AwsAccess(), "dynamodb")
