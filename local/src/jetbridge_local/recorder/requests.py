"""What an AWS request asks for: service, operation, parameters, caller."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl

from jetbridge_local.rest import match_rest_operation

# Parameters that name a resource. Compared without regard to case: ECS says `cluster`, DynamoDB
# `TableName`.
_IDENTIFYING = frozenset(
    {
        # ECS
        "cluster",
        "clusters",
        "containerinstance",
        "desiredstatus",
        "family",
        "familyprefix",
        "servicename",
        "startedby",
        "task",
        "taskdefinition",
        "tasks",
        # Batch
        "arrayjobid",
        "filters",
        "jobdefinition",
        "jobdefinitions",
        "jobid",
        "jobname",
        "jobqueue",
        "jobs",
        "jobstatus",
        "multinodejobid",
        # CloudWatch Logs
        "loggroupidentifier",
        "loggroupidentifiers",
        "loggroupname",
        "loggroupnamepattern",
        "loggroupnameprefix",
        "loggroupnames",
        "logstreamname",
        "logstreamnameprefix",
        "logstreamnames",
        # The others
        "bucket",
        "eventbusname",
        "functionname",
        "groupname",
        "indexname",
        "key",
        "name",
        "names",
        "prefix",
        "qualifier",
        "queuename",
        "queueurl",
        "resourcearn",
        "rule",
        "secretid",
        "stackname",
        "tablename",
        "targetarn",
        "topicarn",
        "uuid",
    }
)
_SERVICE_NAMES = {"monitoring": "cloudwatch", "states": "stepfunctions"}
_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/\d{8}/[^/]*/([a-z0-9-]+)/aws4_request")
_APPLICATION = re.compile(r"(?:^|\s)app/(\S+)")
_MAX_VALUE = 2048


@dataclass(frozen=True, kw_only=True)
class Request:
    """An HTTP request. Header names are in lower case; ``body`` may be cut off."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    def with_body(self, body: bytes) -> "Request":
        return replace(self, body=body)


def request_of(scope: Mapping[str, Any]) -> Request:
    """The request of an ASGI scope, without its body."""
    return Request(
        method=scope["method"],
        path=scope["path"],
        query=scope["query_string"].decode("latin-1"),
        headers={
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in scope["headers"]
        },
        body=b"",
    )


@dataclass(frozen=True, kw_only=True)
class Identified:
    """What a request asks for. ``caller`` as in ``Call``."""

    service: str
    operation: str
    caller: str
    access_key: str
    user_agent: str
    identifiers: dict[str, Any]


def credential_of(request: Request) -> tuple[str, str] | None:
    """Access key id and service of a signed request, or None if it isn't one."""
    authorization = request.headers.get("authorization", "")
    match = _CREDENTIAL.search(authorization)
    if match is None:
        presigned = dict(parse_qsl(request.query)).get("X-Amz-Credential", "")
        match = _CREDENTIAL.search(f"Credential={presigned}")
    if match is None:
        return None
    return match[1], _SERVICE_NAMES.get(match[2], match[2])


def identify(request: Request) -> Identified | None:
    """What the request asks for, or None if it isn't an AWS API request."""
    credential = credential_of(request)
    if credential is None:
        return None
    access_key, service = credential
    operation, parameters = operation_of(service, request)
    user_agent = request.headers.get("user-agent", "")
    application = _APPLICATION.search(user_agent)
    # Temporary credentials are those of functions' roles.
    access_key = "function" if access_key.startswith("ASIA") else access_key
    return Identified(
        service=service,
        operation=operation,
        caller=application[1] if application else access_key,
        access_key=access_key,
        user_agent=user_agent,
        identifiers=_identifiers_in(parameters),
    )


def operation_of(service: str, request: Request) -> tuple[str, dict[str, Any]]:
    """The operation's name in AWS's models, and its parameters as far as path, query and body have
    them; ``METHOD /path`` and none, if no model fits."""
    target = request.headers.get("x-amz-target", "")
    if target:
        return target.rsplit(".", 1)[-1], _json_object(request.body)
    smithy = re.fullmatch(r"/service/[^/]+/operation/(\w+)", request.path)
    if smithy:
        return smithy[1], {}
    fields = dict(parse_qsl(request.query, keep_blank_values=True))
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        form = dict(parse_qsl(request.body.decode(errors="replace"), keep_blank_values=True))
        fields |= form
    if "Action" in fields:
        return fields["Action"], {k: v for k, v in fields.items() if k != "Action"}
    matched = match_rest_operation(service, request.method, request.path, fields, request.headers)
    if matched is None:
        return f"{request.method} {request.path}", {}
    body = {} if matched.opaque_body else _json_object(request.body)
    return matched.name, {**body, **matched.parameters}


def _identifiers_in(parameters: Mapping[str, Any]) -> dict[str, Any]:
    found = {
        name: value
        for name, value in parameters.items()
        if name.lower() in _IDENTIFYING and len(str(value)) <= _MAX_VALUE
    }
    tables = parameters.get("RequestItems")
    if isinstance(tables, dict):
        found["RequestItems"] = sorted(tables)
    return found


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        content = json.loads(body or b"{}")
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}
