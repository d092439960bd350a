"""The services' API models from botocore, and the checks of requests and answers against them."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, Literal

from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StructureShape
from botocore.validate import ParamValidator

from .errors import AwsError

type Service = Literal["ecs", "batch"]

_INVALID = {"ecs": "InvalidParameterException", "batch": "ClientException"}
_NOT_ALWAYS_THERE = frozenset({("JobDetail", "startedAt")})
"""Members that the model requires but that AWS leaves out while they have no value."""

_ANY_CASE = frozenset({"RetryAction"})
"""Enums for which AWS ignores case: API_EvaluateOnExit."""


@cache
def service_model(service: Service) -> ServiceModel:
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


def operation_model(service: Service, operation: str) -> OperationModel:
    return service_model(service).operation_model(operation)


def check_request(service: Service, operation: str, parameters: dict[str, Any]) -> None:
    """Raises AwsError if the parameters aren't valid under the model: SerializationException for a
    wrong type, otherwise the service's own code for bad parameters."""
    shape = operation_model(service, operation).input_shape
    if shape is None:
        return
    errors = list(_errors(parameters, shape))
    if wrong := [text for is_type, text in errors if is_type]:
        raise AwsError("SerializationException", " ".join(wrong))
    if errors:
        raise AwsError(_INVALID[service], " ".join(text for _, text in errors))


def check_answer(service: Service, operation: str, result: dict[str, Any]) -> None:
    """Raises AwsError with status 500 if an engine's answer isn't valid: that is a bug in the
    engine."""
    shape = operation_model(service, operation).output_shape
    if shape is None:
        return
    if errors := [text for _, text in _errors(result, shape)]:
        raise AwsError(
            "ServerException", f"The answer to {operation} isn't valid: {' '.join(errors)}", 500
        )


def _errors(value: Any, shape: Shape) -> Iterator[tuple[bool, str]]:
    """Each problem: whether it is a wrong type, and its text."""
    report = ParamValidator().validate(value, shape)
    found = report._errors
    for reason, name, details in found:
        required = details.get("required_name")
        if reason == "missing required field" and _may_be_missing(shape, name, required):
            continue
        text = report._format_error((reason, name, details))
        yield reason == "invalid type", f"{text}."
    if not any(reason == "invalid type" for reason, _, _ in found):
        for text in _further_errors(value, shape, ""):
            yield False, text


def _may_be_missing(shape: Shape, name: str, required: str | None) -> bool:
    """Whether AWS may leave out the member; ``name`` is a path such as ``.jobs[0]``."""
    inner = shape
    for part in re.findall(r"\w+|\[\d+\]", name):
        if isinstance(inner, ListShape):
            inner = inner.member
        elif isinstance(inner, StructureShape):
            inner = inner.members[part]
    return (inner.name, required) in _NOT_ALWAYS_THERE


def _further_errors(value: Any, shape: Shape, place: str) -> Iterator[str]:
    """The checks that botocore leaves to the service: greatest lengths and values, enums and
    patterns."""
    name = place.removeprefix(".")
    most = shape.metadata.get("max")
    size = value if shape.type_name in ("integer", "long") else None
    size = len(value) if shape.type_name in ("string", "list", "map") else size
    if most is not None and size is not None and size > most:
        yield f"Invalid length or value for parameter {name}: {size}, valid max: {most}."
    if shape.type_name == "string":
        yield from _string_errors(value, shape, name)
    for member, member_shape, member_place in _members(value, shape):
        yield from _further_errors(member, member_shape, place + member_place)


def _members(value: Any, shape: Shape) -> Iterator[tuple[Any, Shape, str]]:
    if isinstance(shape, StructureShape):
        for name in value.keys() & shape.members.keys():
            yield value[name], shape.members[name], f".{name}"
    elif isinstance(shape, ListShape):
        for index, item in enumerate(value):
            yield item, shape.member, f"[{index}]"
    elif isinstance(shape, MapShape):
        for key, item in value.items():
            yield key, shape.key, f" (key: {key})"
            yield item, shape.value, f".{key}"


def _string_errors(value: str, shape: Shape, place: str) -> Iterator[str]:
    enum = shape.metadata.get("enum")
    if enum and (value.upper() if shape.name in _ANY_CASE else value) not in enum:
        yield f"Invalid value for parameter {place}: {value}, valid values: {enum}."
    pattern = shape.metadata.get("pattern")
    if pattern and not re.fullmatch(_python(pattern), value):
        yield f"Invalid value for parameter {place}: {value}, valid pattern: {pattern}."


def _python(pattern: str) -> str:
    """Translates the Java classes in the models' patterns for Python."""
    return (
        pattern.replace(r"\p{L}\p{Z}\p{N}", r"\w\s")
        .replace(r"\p{L}", r"\w")
        .replace(r"\p{Z}", r"\s")
        .replace(r"\p{N}", r"\d")
    )
