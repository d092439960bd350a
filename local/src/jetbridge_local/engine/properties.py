"""Turns CloudFormation's properties into an API's parameters, using the API's own shapes."""

from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from .models import Service, operation_model

_BOOLEANS = {"true": True, "false": False}


class PropertyError(ValueError):
    """A template has a property that the API doesn't know, or a value of the wrong type."""


def members_of(service: Service, operation: str) -> set[str]:
    """An operation's parameters, in lower case."""
    shape = operation_model(service, operation).input_shape
    assert isinstance(shape, StructureShape)
    return {name.lower() for name in shape.members}


def to_api(value: Any, shape: Shape, place: str) -> Any:
    """A property's value in the form of this shape. Raises PropertyError.

    The case of a structure's members doesn't matter (``MaxvCpus``, ``EFSVolumeConfiguration``). A
    map's keys are data and stay unchanged. Numbers and booleans may be text, as in templates.
    """
    if isinstance(shape, StructureShape):
        return _structure(value, shape, place)
    if isinstance(shape, ListShape):
        if not isinstance(value, list):
            raise PropertyError(f"{place}: must be a list, not {value!r}")
        return [to_api(item, shape.member, f"{place}[{i}]") for i, item in enumerate(value)]
    if isinstance(shape, MapShape):
        if not isinstance(value, dict):
            raise PropertyError(f"{place}: must be a mapping, not {value!r}")
        return {key: to_api(item, shape.value, f"{place}.{key}") for key, item in value.items()}
    return _scalar(value, shape.type_name, place)


def _structure(value: Any, shape: StructureShape, place: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise PropertyError(f"{place}: must be a mapping, not {value!r}")
    members = {name.lower(): name for name in shape.members}
    found = {}
    for key, item in value.items():
        name = members.get(key.lower())
        if name is None:
            raise PropertyError(f"{place}: unknown property {key}; known: {sorted(shape.members)}")
        if item is not None:
            found[name] = to_api(item, shape.members[name], f"{place}.{key}")
    return found


def _scalar(value: Any, kind: str, place: str) -> Any:
    if isinstance(value, dict | list):
        raise PropertyError(f"{place}: must be a {kind}, not {value!r}")
    try:
        if kind in ("integer", "long"):
            return int(value)
        if kind in ("double", "float"):
            return float(value)
    except ValueError:
        raise PropertyError(f"{place}: must be a number, not {value!r}") from None
    if kind == "boolean" and not isinstance(value, bool):
        if str(value).lower() not in _BOOLEANS:
            raise PropertyError(f"{place}: must be true or false, not {value!r}")
        return _BOOLEANS[str(value).lower()]
    if kind == "string" and isinstance(value, bool):
        return str(value).lower()
    return str(value) if kind == "string" else value
