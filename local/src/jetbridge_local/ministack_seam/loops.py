"""Lambda's guard against loops: chains of requests through SQS, SNS, S3 and other functions.

ministack counts invocations by a header of its own, which only its own functions send. Source:
AWS Lambda developer guide, "Use Lambda recursive loop detection to prevent infinite loops": a
function that was invoked 16 times in a chain isn't invoked again. What asked for it gets a
``RecursiveInvocationException``; a batch of a queue comes back until its ``maxReceiveCount`` is
used up; an asynchronous event goes to the function's destination or dead-letter queue at once. SQS
keeps the header as ``AWSTraceHeader`` (Amazon SQS developer guide, "Amazon SQS message metadata").
"""

import json
from collections.abc import Callable
from contextvars import ContextVar
from functools import wraps
from typing import Any

from ministack import app
from ministack.services import lambda_svc, sqs

from jetbridge_local.functions.lineage import (
    HEADER,
    MOST_INVOCATIONS,
    continued,
    invocations,
    merged,
)

# "Lambda currently detects recursive loops between your functions, Amazon SQS, Amazon S3, and
# Amazon SNS": what another service passes on begins a new chain.
_SERVICES = ("lambda", "s3", "sns", "sqs")
# ministack's own count of a chain that is too long.
_TOO_DEEP = lambda_svc.MAX_INVOKE_DEPTH + 1

# The trace header of the request that is being served, or of the messages of a batch.
_inbound: ContextVar[str] = ContextVar("jetbridge_inbound_trace", default="")
# Whether that request is an asynchronous invocation, which is always accepted.
_asynchronous: ContextVar[bool] = ContextVar("jetbridge_asynchronous", default=False)
# The trace header for the function that is being invoked.
_invoked: ContextVar[str] = ContextVar("jetbridge_invoked_trace", default="")

Result = dict[str, Any]


def install() -> None:
    """To be called after whatever else replaces ``_execute_function``."""
    for service in _SERVICES:
        app.SERVICE_HANDLERS[service] = _traced(app.SERVICE_HANDLERS[service])
    sqs._build_send_sys_attrs = _with_trace_header(sqs._build_send_sys_attrs)
    lambda_svc._run_sqs_batch = _in_the_chain_of_its_messages(lambda_svc._run_sqs_batch)
    # An Invoke is refused here, before it is executed.
    drop = lambda_svc._recursive_loop_drop
    lambda_svc._inbound_invoke_depth = lambda _headers: 0
    lambda_svc._recursive_loop_drop = _refusal(drop)
    lambda_svc._execute_function = _guarded(lambda_svc._execute_function, drop)


def trace_header() -> str:
    """The trace header for the function that is being invoked in this context."""
    return _invoked.get()


def was_stopped(result: Result) -> bool:
    """Whether the guard has stopped an invocation, by its result."""
    body = result.get("body")
    return isinstance(body, dict) and body.get("Type") == "RecursiveInvocationException"


def _traced(handle: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(handle)
    async def handle_traced(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
    ) -> Any:
        header = _inbound.set(headers.get(HEADER, ""))
        kind = _asynchronous.set(headers.get("x-amz-invocation-type") == "Event")
        try:
            return await handle(method, path, headers, body, query)
        finally:
            _inbound.reset(header)
            _asynchronous.reset(kind)

    return handle_traced


def _with_trace_header(build: Callable[..., Result]) -> Callable[..., Result]:
    @wraps(build)
    def build_with_header(now: float, sys_attrs_input: Any) -> Result:
        header = _inbound.get()
        # What the sender gives as an attribute wins.
        return ({"AWSTraceHeader": header} if header else {}) | build(now, sys_attrs_input)

    return build_with_header


def _in_the_chain_of_its_messages(run: Callable[..., None]) -> Callable[..., None]:
    @wraps(run)
    def run_in_chain(esm: Any, func_rec: Any, event: dict[str, Any], *rest: Any) -> None:
        attributes = (record["attributes"] for record in event["Records"])
        header = _inbound.set(merged(each.get("AWSTraceHeader", "") for each in attributes))
        try:
            run(esm, func_rec, event, *rest)
        finally:
            _inbound.reset(header)

    return run_in_chain


def _is_stopped(config: dict[str, Any]) -> bool:
    if invocations(_inbound.get(), config["FunctionArn"]) < MOST_INVOCATIONS:
        return False
    current = lambda_svc._functions.get(config["FunctionName"]) or {}
    return current.get("recursive_loop") != "Allow"


def _refusal(drop: Callable[..., Any]) -> Callable[..., Any]:
    def refusal(name: str, func: dict[str, Any], _depth: int) -> Any:
        if _asynchronous.get() or not _is_stopped(func["config"]):
            return None
        return drop(name, func, _TOO_DEEP)

    return refusal


def _guarded(execute: Callable[..., Result], drop: Callable[..., Any]) -> Callable[..., Result]:
    @wraps(execute)
    def execute_guarded(func: dict[str, Any], event: Any) -> Result:
        config = func.get("config") or func
        if _is_stopped(config):
            name = config["FunctionName"]
            _, _, body = drop(name, lambda_svc._functions.get(name) or {}, _TOO_DEEP)
            refused = json.loads(body)
            message = refused.get("message") or refused.get("Message")
            return {
                "error": True,
                "body": {"Type": "RecursiveInvocationException", "errorMessage": message},
            }
        header = _invoked.set(continued(_inbound.get(), config["FunctionArn"]))
        try:
            return execute(func, event)
        finally:
            _invoked.reset(header)

    return execute_guarded
