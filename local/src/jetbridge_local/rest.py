"""Which operation a REST request asks for, by botocore's models of the services."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qsl, unquote

import botocore.session
from botocore.exceptions import UnknownServiceError
from botocore.model import OperationModel

# botocore's name of a service whose signing name is another (``signingName`` of its model).
_MODELS = {"airflow": "mwaa"}


@dataclass(frozen=True)
class MatchedOperation:
    """An operation and the parameters that its path and query gave, under the model's names.

    ``opaque_body``: the body is one parameter's bytes, such as a function's payload.
    """

    name: str
    parameters: dict[str, str]
    opaque_body: bool


@dataclass(frozen=True, kw_only=True)
class _Route:
    name: str
    method: str
    path: re.Pattern[str]
    labels: tuple[str, ...]
    literal: int
    fixed_query: tuple[tuple[str, str], ...]
    required: frozenset[tuple[str, str]]
    query_members: tuple[tuple[str, str], ...]
    opaque_body: bool


def match_rest_operation(
    service: str,
    method: str,
    path: str,
    query: Mapping[str, str],
    headers: Mapping[str, str],
) -> MatchedOperation | None:
    """The operation of a REST request, or None if no model fits.

    Several operations of S3 share a method and a path; the one whose fixed query words and
    required query or header members are all there, and that has most of them, is meant. A request
    that lacks a required member is for an operation only if it can't be for another one.
    """
    places = {"querystring": query, "header": headers}
    best: tuple[tuple[bool, int, int, int], _Route, re.Match[str]] | None = None
    for route in routes_of(service):
        found = route.path.fullmatch(path) if route.method == method else None
        if found is None:
            continue
        if any(query.get(name) != value for name, value in route.fixed_query):
            continue
        whole = all(name in places[place] for place, name in route.required)
        score = (whole, len(route.fixed_query), len(route.required), route.literal)
        if best is None or score > best[0]:
            best = (score, route, found)
    if best is None:
        return None
    _, route, found = best
    labels = {
        name: unquote(value) for name, value in zip(route.labels, found.groups(), strict=True)
    }
    members = {member: query[key] for member, key in route.query_members if key in query}
    return MatchedOperation(route.name, labels | members, route.opaque_body)


@lru_cache
def routes_of(service: str) -> tuple[_Route, ...]:
    """The REST routes of a service by its signing name; none if it is unknown."""
    session = botocore.session.get_session()
    try:
        model = session.get_service_model(_MODELS.get(service, service))
    except UnknownServiceError:
        return ()
    if not model.protocol.startswith("rest"):
        return ()
    return tuple(_route(model.operation_model(name)) for name in model.operation_names)


def _route(operation: OperationModel) -> _Route:
    uri, _, fixed = operation.http["requestUri"].partition("?")
    shape = operation.input_shape
    members = shape.members if shape is not None else {}
    required_names = shape.required_members if shape is not None else []
    located = {
        name: (member.serialization.get("location"), member.serialization.get("name", name))
        for name, member in members.items()
    }
    label_members = {key: name for name, (place, key) in located.items() if place == "uri"}
    labels: list[str] = []
    pattern = ""
    for text, label in re.findall(r"([^{]+)|\{([^}]+)\}", uri.rstrip("/") or "/"):
        if text:
            pattern += re.escape(text)
            continue
        name = label.rstrip("+")
        labels.append(label_members.get(name, name))
        # The slashes of an ARN come decoded here.
        has_slashes = label.endswith("+") or name.lower().endswith("arn")
        pattern += "(.+)" if has_slashes else "([^/]+)"
    return _Route(
        name=operation.name,
        method=operation.http["method"],
        path=re.compile(pattern + "/?"),
        labels=tuple(labels),
        literal=len(re.sub(r"\{[^}]+\}", "", uri)),
        fixed_query=tuple(parse_qsl(fixed, keep_blank_values=True)),
        required=frozenset(
            (place, key.lower() if place == "header" else key)
            for name in required_names
            for place, key in [located[name]]
            if place in ("querystring", "header") and key
        ),
        query_members=tuple(
            (name, key) for name, (place, key) in located.items() if place == "querystring"
        ),
        opaque_body=shape is not None and "payload" in shape.serialization,
    )
