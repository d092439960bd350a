"""Lambda's asynchronous invocation: retries, destinations and the dead-letter queue.

ministack ignores the configuration of versions and aliases, never delivers to OnSuccess, gives the
dead-letter queue a destination's record, and always says three attempts. Sources: AWS Lambda
developer guide, "How Lambda handles errors and retries with asynchronous invocation" and
"Capturing records of Lambda asynchronous invocations".
"""

import json
import logging
import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from ministack.core.concurrency import spawn_background
from ministack.core.responses import request_scope
from ministack.services import lambda_svc

from . import loops
from .events import deliver
from .roles import LAMBDA, Roles

logger = logging.getLogger(__name__)

# On AWS the second attempt comes after a minute and the third two minutes later.
FIRST_RETRY_SECONDS = float(os.environ.get("JETBRIDGE_LOCAL_ASYNC_RETRY_SECONDS", "1"))
_THROTTLE_SECONDS = 0.5


@dataclass(frozen=True)
class _Configuration:
    retries: int
    max_age: float
    on_success: str
    on_failure: str
    dead_letter: str


def install(roles: Roles) -> None:
    def invoke_asynchronously(function: dict[str, Any], event: Any) -> None:
        config = function.get("config") or function
        scope = lambda_svc._account_region_from_function_config(config)
        spawn_background(_run, scope, function, event, roles, thread_name="lambda-asynchronous")

    lambda_svc.invoke_async_with_retry = invoke_asynchronously


def _run(scope: tuple[str, str], function: dict[str, Any], event: Any, roles: Roles) -> None:
    with request_scope(*scope):
        config = function.get("config") or function
        settings = _configuration_of(config)
        request_id = str(uuid4())
        began = time.time()
        attempts = 0
        while True:
            result = lambda_svc._execute_function(_with_concurrency_of_now(function), event)
            age = time.time() - began
            if result.get("throttle") and age + _THROTTLE_SECONDS < settings.max_age:
                time.sleep(_THROTTLE_SECONDS)
                continue
            if loops.was_stopped(result):
                condition = "RecursiveInvocation"
                break
            attempts += 1
            pause = FIRST_RETRY_SECONDS * attempts
            if not result.get("error") or attempts > settings.retries:
                condition = "RetriesExhausted" if result.get("error") else "Success"
                break
            if age + pause > settings.max_age:
                condition = "EventAgeExceeded"
                break
            time.sleep(pause)
        destination = settings.on_failure if result.get("error") else settings.on_success
        if destination and _may_send(roles, config, destination):
            record = _record(config, event, result, condition, attempts, request_id)
            deliver(destination, json.dumps(record))
        dead_letter = settings.dead_letter if result.get("error") else ""
        if dead_letter and _may_send(roles, config, dead_letter):
            deliver(dead_letter, json.dumps(event))


_SENDING = {
    "events": "events:PutEvents",
    "lambda": "lambda:InvokeFunction",
    "sns": "sns:Publish",
    "sqs": "sqs:SendMessage",
}


def _may_send(roles: Roles, config: dict[str, Any], destination: str) -> bool:
    """Whether the function's role lets Lambda send; if not, the record is dropped."""
    action = _SENDING[destination.split(":")[2]]
    name = config["FunctionName"]
    refusal = roles.refusal(LAMBDA, config["Role"], name, action, destination)
    if refusal:
        logger.warning("%s: not sent to its destination: %s", name, refusal)
    return not refusal


def _with_concurrency_of_now(function: dict[str, Any]) -> dict[str, Any]:
    """The record of a version or alias is a copy, made when the invocation was accepted."""
    config = function.get("config") or function
    current = lambda_svc._functions.get(config["FunctionName"]) or {}
    return function | {"concurrency": current.get("concurrency")}


def _configuration_of(config: dict[str, Any]) -> _Configuration:
    qualifier = config["FunctionArn"].partition(f":function:{config['FunctionName']}")[2][1:]
    function = lambda_svc._functions.get(config["FunctionName"]) or {}
    found = lambda_svc._event_invoke_config(function, qualifier or None)
    if found is None and qualifier in ("", "$LATEST"):
        other = None if qualifier else "$LATEST"
        found = lambda_svc._event_invoke_config(function, other)
    chosen = found or {}
    destinations = chosen.get("DestinationConfig") or {}
    retries = chosen.get("MaximumRetryAttempts")
    return _Configuration(
        retries=2 if retries is None else int(retries),
        max_age=float(chosen.get("MaximumEventAgeInSeconds") or 21_600),
        on_success=(destinations.get("OnSuccess") or {}).get("Destination", ""),
        on_failure=(destinations.get("OnFailure") or {}).get("Destination", ""),
        dead_letter=(config.get("DeadLetterConfig") or {}).get("TargetArn", ""),
    )


def _record(
    config: dict[str, Any],
    event: Any,
    result: dict[str, Any],
    condition: str,
    attempts: int,
    request_id: str,
) -> dict[str, Any]:
    arn = config["FunctionArn"]
    version = config.get("Version", "$LATEST")
    if arn.endswith(f":function:{config['FunctionName']}"):
        arn = f"{arn}:{version}"
    response: dict[str, Any] = {"statusCode": 200, "executedVersion": version}
    if result.get("error"):
        response["functionError"] = result.get("function_error") or "Unhandled"
    now = datetime.now(UTC)
    return {
        "version": "1.0",
        "timestamp": now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{now.microsecond // 1000:03d}Z",
        "requestContext": {
            "requestId": request_id,
            "functionArn": arn,
            "condition": condition,
            "approximateInvokeCount": attempts,
        },
        "requestPayload": event,
        "responseContext": response,
        "responsePayload": result.get("body"),
    }
