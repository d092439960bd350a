"""Lambda's quotas of requests: payloads and variables, which ministack doesn't limit.

Sources: AWS Lambda API reference, "Invoke" ("For synchronous invocations, the maximum payload size
is 6 MB. For asynchronous invocations, the maximum payload size is 1 MB."); developer guide,
"Lambda quotas" (variables: "4 KB, for all environment variables associated with the function, in
aggregate"). The errors' texts are as users have quoted them: pelmers/streetwarp-web#14,
aws/aws-pdk#771, github-aws-runners/terraform-aws-github-runner#3594.
"""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from ministack import app
from ministack.core.responses import error_response_json
from ministack.services import lambda_svc
from ministack.services.cloudformation import provisioners

SYNCHRONOUS_BYTES = 6 * 1024 * 1024
ASYNCHRONOUS_BYTES = 1024 * 1024
VARIABLES_BYTES = 4 * 1024

Answer = tuple[int, dict[str, str], bytes]


def install() -> None:
    app.SERVICE_HANDLERS["lambda"] = _with_payload_checked(app.SERVICE_HANDLERS["lambda"])
    lambda_svc._create_function = _with_variables_checked(lambda_svc._create_function, 0)
    lambda_svc._update_config = _with_variables_checked(lambda_svc._update_config, 1)
    handlers = provisioners._RESOURCE_HANDLERS["AWS::Lambda::Function"]
    handlers["create"] = _with_properties_checked(handlers["create"])


def _with_payload_checked(handle: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(handle)
    async def handle_checked(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
    ) -> Any:
        if method == "POST" and path.endswith("/invocations"):
            asynchronous = headers.get("x-amz-invocation-type") == "Event"
            if problem := _payload_problem(len(body), asynchronous):
                return error_response_json("RequestEntityTooLargeException", problem, 413)
        return await handle(method, path, headers, body, query)

    return handle_checked


def _payload_problem(size: int, asynchronous: bool) -> str:
    if size > SYNCHRONOUS_BYTES:
        return (
            f"Request must be smaller than {SYNCHRONOUS_BYTES} bytes for the InvokeFunction"
            " operation"
        )
    if asynchronous and size > ASYNCHRONOUS_BYTES:
        return (
            f"{size} byte payload is too large for the Event invocation type"
            f" (limit {ASYNCHRONOUS_BYTES} bytes)"
        )
    return ""


def _with_variables_checked(change: Callable[..., Answer], place: int) -> Callable[..., Answer]:
    """``place``: of the request among the arguments."""

    @wraps(change)
    def change_checked(*arguments: Any) -> Answer:
        if problem := _variables_problem(arguments[place]):
            status, headers, body = error_response_json(
                "InvalidParameterValueException", problem, 400
            )
            return status, headers, body
        return change(*arguments)

    return change_checked


def _with_properties_checked(create: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(create)
    def create_checked(logical_id: str, properties: dict[str, Any], stack: str) -> Any:
        if problem := _variables_problem(properties):
            raise ValueError(problem)
        return create(logical_id, properties, stack)

    return create_checked


def _variables_problem(function: dict[str, Any]) -> str:
    variables = (function.get("Environment") or {}).get("Variables") or {}
    measured = json.dumps(variables, separators=(",", ":"), ensure_ascii=False)
    if len(measured.encode(errors="replace")) <= VARIABLES_BYTES:
        return ""
    return (
        "Lambda was unable to configure your environment variables because the environment"
        f" variables you have provided exceeded the 4KB limit. String measured: {measured}"
    )
