"""Checks the parameters of RunTask and SubmitJob against AWS's own service models.

``shapes.json`` has the two operations' shapes of the pinned botocore (``make schema``). boto3
itself checks only names, types, required members and minima of a model.
"""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Literal

import msgspec

from jetbridge.contract import ContractError

Field = Literal["run_task", "submit_job"]

_INTEGER_BITS = {"integer": 32, "long": 64}
# "The values aren't case sensitive" (Batch API reference, EvaluateOnExit).
_ANY_CASE = {"RetryAction"}
_SHOWN = 60
_TYPES: dict[type, str] = {
    dict: "an object",
    list: "a list",
    str: "a string",
    int: "a whole number",
    float: "a fractional number",
    bool: "a boolean",
}

# Airflow renders a template to text otherwise (core-concepts/operators, "Rendering Fields as Native
# Python Objects").
_NATIVE = "A template of Airflow gives one with render_template_as_native_obj=True in its DAG"


class Shape(msgspec.Struct, frozen=True):
    """A shape of botocore's service-2.json; ``pattern`` is in Python's spelling."""

    type: str
    members: dict[str, str] = {}
    required: list[str] = []
    member: str = ""
    key: str = ""
    value: str = ""
    enum: list[str] = []
    min: int | None = None
    max: int | None = None
    pattern: str = ""
    union: bool = False


class Operation(msgspec.Struct, frozen=True):
    input: str
    shapes: dict[str, Shape]


class _Document(msgspec.Struct, frozen=True):
    botocore: str
    run_task: Operation
    submit_job: Operation


@cache
def _document() -> _Document:
    return msgspec.json.decode(Path(__file__).with_name("shapes.json").read_bytes(), type=_Document)


def check_shape(field: Field, parameters: dict[str, Any]) -> None:
    """Check an operation's parameters against its model.

    Raises:
        ContractError: the first thing that AWS would refuse.
    """
    operation: Operation = getattr(_document(), field)
    _Walk(operation.shapes).check(field, parameters, operation.input)


class _Walk:
    def __init__(self, shapes: dict[str, Shape]) -> None:
        self._shapes = shapes

    def check(self, path: str, value: Any, name: str) -> None:
        shape = self._shapes[name]
        if value is None:
            raise ContractError(path, "is null", "Leave it out or give it a value")
        _WALKS[shape.type](self, path, value, name, shape)

    def _structure(self, path: str, value: Any, _: str, shape: Shape) -> None:
        _expect(path, value, dict)
        for name in value:
            if name not in shape.members:
                raise ContractError(
                    f"{path}.{name}",
                    "is not a parameter that AWS knows",
                    _did_you_mean(name, shape.members),
                )
        for name in shape.required:
            if value.get(name) in (None, ""):
                raise ContractError(f"{path}.{name}", "is missing", "AWS needs it: give it a value")
        if shape.union and len(value) != 1:
            options = ", ".join(shape.members)
            raise ContractError(path, f"has {len(value)} members", f"Give exactly one of {options}")
        for name, inner in value.items():
            self.check(f"{path}.{name}", inner, shape.members[name])

    def _list(self, path: str, value: Any, _: str, shape: Shape) -> None:
        _expect(path, value, list)
        _bounds(path, len(value), shape, "items")
        for index, inner in enumerate(value):
            self.check(f"{path}[{index}]", inner, shape.member)

    def _map(self, path: str, value: Any, _: str, shape: Shape) -> None:
        _expect(path, value, dict)
        _bounds(path, len(value), shape, "entries")
        for key, inner in value.items():
            self.check(f"{path}.{key}", key, shape.key)
            self.check(f"{path}.{key}", inner, shape.value)

    def _string(self, path: str, value: Any, name: str, shape: Shape) -> None:
        _expect(path, value, str)
        _bounds(path, len(value), shape, "characters")
        if shape.enum and value not in shape.enum and not _in_any_case(value, name, shape):
            raise ContractError(
                path, f"is {shown(value)}", f"Give one of {', '.join(sorted(shape.enum))}"
            )
        if shape.pattern and not _compiled(shape.pattern).fullmatch(value):
            raise ContractError(
                path,
                f"is {shown(value)}, which has characters that AWS doesn't accept",
                f"Keep to {shape.pattern}",
            )

    def _integer(self, path: str, value: Any, _: str, shape: Shape) -> None:
        _expect(path, value, int)
        _bounds(path, value, shape, "")
        bits = _INTEGER_BITS[shape.type]
        if not -(2 ** (bits - 1)) <= value < 2 ** (bits - 1):
            raise ContractError(path, f"is {value}", f"Give a number that fits into {bits} bits")

    def _boolean(self, path: str, value: Any, _: str, shape: Shape) -> None:
        _expect(path, value, bool)


_WALKS: dict[str, Callable[[_Walk, str, Any, str, Shape], None]] = {
    "structure": _Walk._structure,
    "list": _Walk._list,
    "map": _Walk._map,
    "string": _Walk._string,
    "integer": _Walk._integer,
    "long": _Walk._integer,
    "boolean": _Walk._boolean,
}


KNOWN_TYPES = frozenset(_WALKS)


def shown(value: str) -> str:
    """A value as an error message may show it."""
    return repr(value if len(value) <= _SHOWN else value[:_SHOWN] + "…")


def _expect(path: str, value: Any, kind: type) -> None:
    # JSON's true is an int to Python.
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        given = _TYPES.get(type(value), type(value).__name__)
        fix = f"Give {_TYPES[kind]}"
        brackets: dict[type, str] = {dict: "{", list: "["}
        if isinstance(value, str) and value.strip()[:1] == brackets.get(kind):
            fix += f". {_NATIVE}"
        raise ContractError(path, f"is {given}", fix)


def _bounds(path: str, amount: int, shape: Shape, unit: str) -> None:
    low, high = shape.min, shape.max
    if (low is not None and amount < low) or (high is not None and amount > high):
        has = f"has {amount} {unit}" if unit else f"is {amount}"
        limits = f"{low or 0} to {high}" if high is not None else f"at least {low}"
        raise ContractError(path, has, f"AWS allows {limits} {unit}".rstrip())


def _in_any_case(value: str, name: str, shape: Shape) -> bool:
    return name in _ANY_CASE and value.upper() in shape.enum


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _did_you_mean(name: str, known: dict[str, str]) -> str:
    # Only a refusal pays for this import.
    import difflib

    plain = {other.lower(): other for other in known}
    near = difflib.get_close_matches(name.replace("_", "").lower(), plain, n=1)
    if near:
        return f"Did you mean {plain[near[0]]}?"
    return f"AWS knows {', '.join(sorted(known))}"
