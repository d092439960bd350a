"""ECS's JSON 1.1 and AWS Batch's REST-JSON: turns HTTP requests into calls and results into
answers."""

import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from botocore.model import StructureShape

from jetbridge_local.rest import match_rest_operation

from .errors import AwsError
from .models import Service, check_answer, check_request, operation_model, service_model

_CONTENT_TYPES = {"ecs": "application/x-amz-json-1.1", "batch": "application/json"}

type Query = Mapping[str, str | Sequence[str]]
type Answer = tuple[int, dict[str, str], bytes]


def parse(
    service: Service,
    method: str,
    path: str,
    query: Query,
    headers: Mapping[str, str],
    body: bytes,
) -> tuple[str, dict[str, Any]]:
    """The operation and its parameters. Raises AwsError if they aren't valid under the model."""
    if service == "ecs":
        operation, parameters = _target(headers), _content(body)
    else:
        operation, parameters = _route(method, path, query, headers, body)
    check_request(service, operation, parameters)
    return operation, parameters


def serialize(service: Service, operation: str, result: dict[str, Any]) -> Answer:
    """HTTP status, headers and body. Raises AwsError, status 500, if the result isn't valid."""
    check_answer(service, operation, result)
    status = operation_model(service, operation).http.get("responseCode", 200)
    return status, _headers(service), json.dumps(result).encode()


def serialize_error(service: Service, error: AwsError) -> Answer:
    """HTTP status, headers and body of an error."""
    content = {"message": error.message, **error.members}
    headers = _headers(service)
    if service == "ecs":
        content["__type"] = error.code
    else:
        headers["x-amzn-ErrorType"] = error.code
    return error.status, headers, json.dumps(content).encode()


def _headers(service: Service) -> dict[str, str]:
    return {"Content-Type": _CONTENT_TYPES[service], "x-amzn-RequestId": str(uuid.uuid4())}


def _target(headers: Mapping[str, str]) -> str:
    target = next((v for name, v in headers.items() if name.lower() == "x-amz-target"), "")
    prefix, _, operation = target.rpartition(".")
    model = service_model("ecs")
    if prefix != model.metadata["targetPrefix"] or operation not in model.operation_names:
        raise AwsError("UnknownOperationException", f"Unknown operation: {target!r}")
    return operation


def _content(body: bytes) -> dict[str, Any]:
    try:
        content = json.loads(body or b"{}")
    except ValueError as error:
        raise AwsError("SerializationException", f"The body isn't JSON: {error}") from error
    if not isinstance(content, dict):
        raise AwsError(
            "SerializationException", "Start of structure or map found where not expected."
        )
    return {name: _without_nulls(v) for name, v in content.items() if v is not None}


def _without_nulls(value: Any) -> Any:
    """Removes nulls: in a request, null means that there is no value, as in AWS's own parsers."""
    if isinstance(value, dict):
        return {name: _without_nulls(v) for name, v in value.items() if v is not None}
    if isinstance(value, list):
        return [_without_nulls(v) for v in value]
    return value


def _route(
    method: str, path: str, query: Query, headers: Mapping[str, str], body: bytes
) -> tuple[str, dict[str, Any]]:
    firsts = {name: each if isinstance(each, str) else each[0] for name, each in query.items()}
    matched = match_rest_operation("batch", method, path, firsts, headers)
    if matched is None:
        raise AwsError("UnknownOperationException", f"Unknown operation: {method} {path}", 404)
    in_query = _in_query(matched.name, query)
    return matched.name, _content(body) | matched.parameters | in_query


def _in_query(operation: str, query: Query) -> dict[str, Any]:
    shape = operation_model("batch", operation).input_shape
    assert isinstance(shape, StructureShape)
    found: dict[str, Any] = {}
    for name, member in shape.members.items():
        key = member.serialization.get("name", name)
        if member.serialization.get("location") == "querystring" and key in query:
            value = query[key]
            values = [value] if isinstance(value, str) else list(value)
            found[name] = values if member.type_name == "list" else values[0]
    return found
