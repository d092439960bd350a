"""The stack's secret: errors say what is wrong with it, and never show its values."""

import json
import traceback
from typing import Any

import boto3
import pytest

from jetbridge.notify.accounts import Account, Accounts
from jetbridge.notify.airflow_port import Refused
from jetbridge.notify.secretsmanager import SecretsManagerSecret

HUSH = "hush-hush"
GOOD = {"url": "https://airflow.example.org/prod/", "username": "bot", "password": HUSH}


def _get(secret: Any, name: str = "default") -> Account:
    text = secret if isinstance(secret, str) else json.dumps(secret)
    return Accounts(lambda: text).get(name)


def test_account() -> None:
    account = _get({"default": GOOD, "other": {"url": "http://localhost:8080", "token": HUSH}})
    assert (account.url, account.username, account.password) == (GOOD["url"], "bot", HUSH)
    assert HUSH not in repr(account) + str(account)


def test_a_bad_account_does_not_spoil_the_others() -> None:
    assert _get({"default": GOOD, "other": {"url": 5}}).username == "bot"


def _with(**fields: Any) -> dict[str, Any]:
    merged = {"default": GOOD | fields}["default"]
    return {"default": {name: value for name, value in merged.items() if value is not None}}


@pytest.mark.parametrize(
    ("secret", "words"),
    [
        ("", "isn't a JSON object"),
        (HUSH, "isn't a JSON object"),
        ([HUSH], "isn't a JSON object"),
        ({}, r"no key 'default', only nothing"),
        ({"production": GOOD}, r"no key 'default', only production"),
        ({"default": HUSH}, "Expected `object`"),
        (_with(url=None), "missing required field `url`"),
        (_with(password=7), r"\$\.password"),
        (_with(pasword=HUSH), "unknown field `pasword`"),
        (_with(url="http://airflow.example.org"), "https"),
        (_with(url="ftp://localhost"), "https"),
        (_with(url="airflow.example.org"), "malformed"),
        (_with(url=f"https://bot:{HUSH}@airflow.example.org"), "malformed"),
        (_with(url="https://airflow.example.org?x=1"), "malformed"),
        (_with(url="https://airflow.example.org:99999"), "malformed"),
        (_with(url="https://[::1"), "malformed"),
        (_with(password=None), "either username and password, or token"),
        (_with(username=None), "either username and password, or token"),
        (_with(username=None, password=None), "either username and password, or token"),
        (_with(token=HUSH), "either username and password, or token"),
        (_with(password=""), "password is empty"),
        (_with(username=None, password=None, token=f"{HUSH}\r\nX: 1"), "an HTTP header can't have"),
    ],
)
def test_what_is_wrong_is_named(secret: Any, words: str) -> None:
    with pytest.raises(Refused, match=words) as failure:
        _get(secret)
    said = "".join(traceback.format_exception(failure.value))
    assert HUSH not in said
    assert "AirflowSecretArn" in str(failure.value)


def test_stack_without_a_secret() -> None:
    with pytest.raises(Refused, match="no AirflowSecretArn"):
        Accounts(None).get("default")


@pytest.fixture
def secrets(aws: None) -> Any:
    return boto3.client("secretsmanager")


def test_secrets_manager(secrets: Any) -> None:
    arn = secrets.create_secret(Name="airflow", SecretString=json.dumps({"default": GOOD}))["ARN"]
    accounts = Accounts(SecretsManagerSecret(lambda: secrets, arn))
    assert accounts.get("default").password == HUSH
    rotated = json.dumps({"default": GOOD | {"password": "new"}})
    secrets.put_secret_value(SecretId=arn, SecretString=rotated)
    assert accounts.get("default").password == HUSH
    assert accounts.get("default", refresh=True).password == "new"


def test_binary_secret(secrets: Any) -> None:
    arn = secrets.create_secret(Name="airflow", SecretBinary=b"x")["ARN"]
    with pytest.raises(Refused, match="binary"):
        SecretsManagerSecret(lambda: secrets, arn)()


def test_missing_secret(secrets: Any) -> None:
    with pytest.raises(Refused, match="AirflowSecretArn"):
        SecretsManagerSecret(lambda: secrets, "arn:aws:secretsmanager:x:1:secret:none-a1b2c3")()
