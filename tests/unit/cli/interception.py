"""Calls of boto3's clients, listened to, answered and refused."""

import json
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError


def spy_on_invocations(
    monkeypatch: pytest.MonkeyPatch, fail_at: int | None = None
) -> list[tuple[str, str, Any]]:
    """What Lambda is asked for; one call, counted from 0, is throttled."""
    invoked: list[tuple[str, str, Any]] = []
    calls = iter(range(100))

    def answer(operation: str, arguments: dict[str, Any]) -> dict[str, Any] | None:
        if operation != "Invoke":
            return None
        if next(calls) == fail_at:
            raise refused("TooManyRequestsException", operation)
        payload = json.loads(arguments["Payload"])
        invoked.append((arguments["FunctionName"], arguments["InvocationType"], payload))
        return {"StatusCode": 202}

    intercept(monkeypatch, answer)
    return invoked


def deny(monkeypatch: pytest.MonkeyPatch, denied: str, code: str = "AccessDenied") -> None:
    """AWS refuses an operation, with another code if it isn't a missing permission."""

    def answer(operation: str, _: dict[str, Any]) -> None:
        if operation == denied:
            raise refused(code, operation)

    intercept(monkeypatch, answer)


def refused(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "Rate or right"}}, operation)


def intercept(monkeypatch: pytest.MonkeyPatch, answer: Any) -> None:
    original = BaseClient._make_api_call  # type: ignore[attr-defined]

    def make_api_call(self: Any, operation: str, arguments: dict[str, Any]) -> Any:
        given = answer(operation, arguments)
        return original(self, operation, arguments) if given is None else given

    monkeypatch.setattr(BaseClient, "_make_api_call", make_api_call)
