"""Invokes a function of a stack through this Airflow's alias, and reads what went wrong."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from functools import partial
from typing import Any

from airflow_provider_jetbridge import aws, settings
from airflow_provider_jetbridge.exceptions import StartFailed, StartRefused, StartThrottled

log = logging.getLogger(__name__)

REFUSED = "ContractError"
"""The ``errorType`` in start_run's answer to a wrong request."""


class Invoker:
    """Invokes functions with one client, which it makes with the first call.

    Args:
        access: how to reach AWS.
        airflow: this Airflow's name in the stack.
        patience: botocore ``Config`` options for timeouts and retries.
    """

    def __init__(self, access: aws.AwsAccess, airflow: str, patience: Mapping[str, Any]) -> None:
        self._access = access
        self._airflow = airflow
        self._patience = patience
        self._client: Any = None
        self._older_stack = False

    @property
    def alias(self) -> str:
        """The function alias that this Airflow invokes. IAM allows it no other alias, so no other
        caller can act for its tasks (docs/explanation/security.md)."""
        default = self._airflow == settings.DEFAULT_AIRFLOW
        return "airflow" if default else f"airflow-{self._airflow}"

    def connect(self) -> None:
        """Make the client. This reads the connection from Airflow.

        Raises:
            AirflowNotFoundException, BotoCoreError, …: the connection is missing or incomplete.
        """
        self._client = aws.client(self._access, "lambda", **self._patience)

    @property
    def client(self) -> Any:
        if self._client is None:
            self.connect()
        return self._client

    def invoke(self, function: str, payload: str) -> bytes:
        """The function's answer.

        Raises:
            StartRefused: the function refuses the request, doesn't exist, or IAM denies the call.
            StartThrottled: too many functions are running at once.
            StartFailed: any other error.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            response = self._invoke_alias(function, payload.encode())
            body: bytes = response["Payload"].read()
        except ClientError as error:
            raise self._refusal(function, error) or _failure(function, error) from error
        except BotoCoreError as error:
            raise StartFailed(f"{function}: {error}") from error
        if "FunctionError" in response:
            raise _function_error(function, body)
        return body

    def _invoke_alias(self, function: str, payload: bytes) -> Any:
        """Invoke the function through this Airflow's alias. A stack of version 0.1 has no
        aliases."""
        invoke = partial(
            self.client.invoke,
            FunctionName=function,
            InvocationType="RequestResponse",
            Payload=payload,
        )
        from botocore.exceptions import ClientError

        if self._older_stack:
            return invoke()
        try:
            return invoke(Qualifier=self.alias)
        except ClientError as error:
            missing = error.response.get("Error", {}).get("Code") == "ResourceNotFoundException"
            if not missing or self._airflow != settings.DEFAULT_AIRFLOW:
                raise
            answer = invoke()
        self._older_stack = True
        log.warning(
            "%s has no alias %r: update the stack, so that IAM tells its callers apart",
            function,
            self.alias,
        )
        return answer

    def _refusal(self, function: str, error: Any) -> StartRefused | None:
        code = error.response.get("Error", {}).get("Code", "")
        advice = {
            "ResourceNotFoundException": (
                f"there is no function {function} with the alias {self.alias!r} in "
                f"{self.client.meta.region_name}. Name the "
                "stack with jetbridge_stack or [jetbridge] stack, and its region with region_name "
                "or in the connection"
            ),
            "AccessDeniedException": (
                f"allow lambda:InvokeFunction on {function}:{self.alias} to the role of connection "
                f"{self._access.aws_conn_id!r}"
            ),
        }.get(code)
        return StartRefused(f"Jetbridge can't be called: {advice} ({error})") if advice else None


def _failure(function: str, error: Any) -> StartFailed:
    """Lambda's answer to a call beyond the concurrency limit is 429, TooManyRequestsException (API
    reference, Invoke)."""
    throttled = error.response.get("Error", {}).get("Code") == "TooManyRequestsException"
    return (StartThrottled if throttled else StartFailed)(f"{function}: {error}")


def _function_error(function: str, body: bytes) -> StartRefused | StartFailed:
    try:
        report = json.loads(body)
    except ValueError:
        report = None
    if not isinstance(report, dict):
        return StartFailed(f"{function} failed: {body.decode(errors='replace')[:1000]}")
    kind, message = report.get("errorType"), report.get("errorMessage")
    if kind == REFUSED:
        return StartRefused(f"Jetbridge refused the run: {message}")
    return StartFailed(f"{function} failed: {kind}: {message}")
