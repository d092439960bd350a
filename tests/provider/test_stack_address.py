"""Which stack is meant, and which connection reaches it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_jetbridge.aws import AwsAccess
from airflow_provider_jetbridge.resolution import resolve
from airflow_provider_jetbridge.stack import (
    START_FUNCTION,
    STOP_FUNCTION,
    WATCH_FUNCTION,
    StackAddress,
)

ARN = "arn:aws-cn:cloudformation:cn-north-1:123456789012:stack/jb-prod/0f1e-22"
START = "arn:aws-cn:lambda:cn-north-1:123456789012:function:jb-prod-start-run"
NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,40}", fullmatch=True)


@given(NAMES)
def test_a_name_arn_or_start_function_name_the_same_stack(name: Any) -> None:
    assert StackAddress.parse(f" {name} ") == StackAddress(name)
    assert StackAddress.parse(name).function("watch-runs") == f"{name}-watch-runs"
    stack = f"arn:aws:cloudformation:eu-central-1:123456789012:stack/{name}/0f1e"
    start = f"arn:aws:lambda:eu-central-1:123456789012:function:{name}-start-run"
    address = StackAddress(name, "aws", "123456789012", "eu-central-1")
    assert StackAddress.parse(stack) == StackAddress.parse(start) == address
    assert address.function("start-run") == start


@pytest.mark.parametrize(
    ("stack", "prefix"),
    [
        ("s" * 49, "s" * 49),
        # sha256 of fifty s, as `printf 's%.0s' {1..50} | sha256sum` gives it.
        ("s" * 50, "s" * 40 + "-089f8352"),
    ],
)
def test_long_names_are_shortened_as_the_stack_does(stack: str, prefix: str) -> None:
    assert StackAddress(stack).function("start-run") == f"{prefix}-start-run"
    assert len(StackAddress(stack).function("notify-airflow")) <= 64


@given(st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,127}", fullmatch=True))
def test_every_stacks_functions_have_names_that_lambda_takes(name: Any) -> None:
    for function in (START_FUNCTION, STOP_FUNCTION, WATCH_FUNCTION, "notify-airflow"):
        assert len(StackAddress(name).function(function)) <= 64
    function = StackAddress(name).function("start-run")
    start = f"arn:aws:lambda:eu-central-1:123456789012:function:{function}"
    assert StackAddress.parse(start).function("start-run") == start


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1st",
        "my stack",
        "a/b",
        "a" * 129,
        "arn:aws:cloudformation:eu-central-1:123456789012:stack/name",
        "arn:aws:cloudformation:eu-central-1:12:stack/name/id",
        "arn:aws:lambda:eu-central-1:123456789012:function:jb-stop-run",
        f"{START}:live",
        "arn:aws:s3:::bucket",
    ],
)
def test_anything_else_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match="names no Jetbridge stack"):
        StackAddress.parse(text)


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def add(conn_id: str, conn_type: str = "jetbridge", **extra: Any) -> None:
        value = json.dumps({"conn_type": conn_type, "extra": extra})
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", value)

    return add


def test_without_a_connection_the_configuration_names_the_stack(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    access = AwsAccess()
    assert resolve(None, None, access) == (StackAddress("jetbridge"), access)
    monkeypatch.setenv("AIRFLOW__JETBRIDGE__STACK", "configured")
    assert resolve(None, None, access)[0] == StackAddress("configured")
    assert resolve(None, "keyword", access)[0] == StackAddress("keyword")


def test_the_connection_comes_before_the_configuration(
    connect: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__JETBRIDGE__STACK", "configured")
    connect("jb", stack="connected", region_name="eu-west-1", aws_conn_id="aws_prod")
    address, access = resolve("jb", None, AwsAccess(verify=False))
    assert address == StackAddress("connected")
    assert access == AwsAccess("aws_prod", "eu-west-1", verify=False)


def test_keywords_come_before_the_connection(connect: Callable[..., None]) -> None:
    connect("jb", stack="connected", region_name="eu-west-1", aws_conn_id="aws_prod")
    address, access = resolve("jb", "keyword", AwsAccess("aws_own", "eu-north-1"))
    assert (address, access) == (StackAddress("keyword"), AwsAccess("aws_own", "eu-north-1"))
    assert resolve("jb", None, AwsAccess(None))[1].aws_conn_id is None


def test_empty_fields_leave_the_rest_as_it_was(
    connect: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__JETBRIDGE__STACK", "configured")
    connect("jb", stack="", region_name=None)
    assert resolve("jb", None, AwsAccess()) == (StackAddress("configured"), AwsAccess())


def test_an_arn_knows_its_region(connect: Callable[..., None]) -> None:
    connect("jb", stack=ARN, region_name="eu-west-1")
    address, access = resolve("jb", None, AwsAccess())
    assert address.function("start-run") == START
    assert access.region_name == "cn-north-1"
    with pytest.raises(ValueError, match="region_name is eu-west-1, and the stack's ARN is of cn"):
        resolve(None, ARN, AwsAccess(region_name="eu-west-1"))


def test_a_connection_of_another_type_is_refused(connect: Callable[..., None]) -> None:
    connect("jb", "aws")
    with pytest.raises(ValueError, match="'jb' has type 'aws'; give one of type 'jetbridge'"):
        resolve("jb", None, AwsAccess())


def test_a_connection_that_is_not_there_is_airflows_own_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from airflow.providers.common.compat.sdk import AirflowNotFoundException
    from airflow.sdk.exceptions import AirflowRuntimeError

    with pytest.raises((AirflowNotFoundException, AirflowRuntimeError), match="nowhere"):
        resolve("nowhere", None, AwsAccess())
