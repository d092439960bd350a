"""Which chosen tasks can't be adopted, and why.

A stock task stays with the amazon provider's operator if Jetbridge would not run all of its code. A
wrong "no" only loses the benefit for one task. A wrong "yes" would skip some of the task's code
silently.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator, Mapping
from itertools import takewhile
from typing import Any

from airflow_provider_jetbridge.operators.as_stock import NOT_CALLED

REACHES_AWS = ("_hook_parameters", "aws_hook_class", "client", "hook")
"""Methods that a subclass overrides to reach AWS in its own way. Jetbridge's functions can't do the
same."""

DEFERRAL = ("defer", "resume_execution")


def own_classes(operator: type, stock: type) -> list[type]:
    """The classes between an operator and the stock operator: the DAG's own classes and mixins."""
    return list(takewhile(lambda each: each is not stock, operator.__mro__))


def why_class_stays(operator: type, stock: type, deferrable: bool) -> str | None:
    """Say why tasks of this class can't be adopted. None if they can.

    Args:
        stock: the amazon provider's operator that the class derives from.
        deferrable: whether the task defers with the stock operator, too, so its class is ready for
            that.
    """
    for own in own_classes(operator, stock):
        members = vars(own)
        name = own.__qualname__
        for method, fix in NOT_CALLED.items():
            if method in members:
                return f"{name} replaces {method}, which nothing would call. {_capital(fix)}"
        for member in REACHES_AWS:
            if member in members:
                return (
                    f"{name} replaces {member}: it reaches AWS in its own way, and Jetbridge's "
                    "functions start the job with their own role"
                )
        for method in DEFERRAL:
            if method in members:
                return f"{name} replaces {method}, by which Jetbridge waits"
        if "execute" in members and not deferrable:
            problem = _why_execute_stays(members["execute"])
            if problem:
                return f"{name}.execute {problem}"
    return None


def why_values_stay(values: Mapping[str, Any]) -> str | None:
    """Say why a task with these keywords can't be adopted, from the values known at parsing.

    AWS allows these keywords, but start_run refuses them (docs/reference/contract.md). Only the
    definition may say which program runs and with which role.
    """
    for keyword in ("eks_properties_override", "node_overrides"):
        for place, pod in _pods(keyword, values.get(keyword)):
            for group in ("containers", "initContainers"):
                containers = pod.get(group)
                for index, each in enumerate(containers if isinstance(containers, list) else []):
                    if isinstance(each, Mapping) and "image" in each:
                        return f"{place}.{group}[{index}].image is refused. {_DEFINITIONS_OWN}"
            metadata = pod.get("metadata")
            if isinstance(metadata, Mapping) and "namespace" in metadata:
                return f"{place}.metadata.namespace is refused. {_DEFINITIONS_OWN}"
    return None


_DEFINITIONS_OWN = "Name another job definition instead"


def _pods(place: str, value: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every ``podProperties`` inside the value, with its path."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key == "podProperties" and isinstance(inner, Mapping):
                yield f"{place}.{key}", inner
            else:
                yield from _pods(f"{place}.{key}", inner)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _pods(f"{place}[{index}]", inner)


def _why_execute_stays(execute: Any) -> str | None:
    """A task defers inside ``super().execute``, so code after that call never runs."""
    try:
        source = textwrap.dedent(inspect.getsource(inspect.unwrap(execute)))
        (function,) = ast.parse(source).body
    except (OSError, TypeError, SyntaxError, ValueError):
        return "can't be read, so Jetbridge doesn't know what follows super().execute"
    if not isinstance(function, ast.FunctionDef):
        return "isn't a plain method"
    overrides = getattr(execute, "__override__", False)
    if not all(overrides and _is_override(each) for each in function.decorator_list):
        return "is decorated, so Jetbridge doesn't know what follows super().execute"
    calls = {id(node) for node in ast.walk(function) if _is_super_execute(node)}
    if not calls:
        return (
            "doesn't call super().execute, so Jetbridge doesn't know whether and where it starts "
            "the container. End it with return super().execute(context)"
        )
    if calls != set(_at_the_end(function.body, last=True)):
        return (
            "has code after super().execute, where the task defers: that code would never run. "
            "Move it to execute_complete, after super().execute_complete(context, event)"
        )
    return None


def _is_override(decorator: ast.expr) -> bool:
    """Whether it is typing's ``override``, which marks the method and returns it."""
    return ast.unparse(decorator).rpartition(".")[2] == "override"


def _at_the_end(body: list[ast.stmt], *, last: bool) -> Iterator[int]:
    """Calls of ``super().execute`` that are a function's last action."""
    for index, statement in enumerate(body):
        ends = last and index == len(body) - 1
        if isinstance(statement, ast.If):
            yield from _at_the_end(statement.body, last=ends)
            yield from _at_the_end(statement.orelse, last=ends)
        elif isinstance(statement, ast.Match):
            for case in statement.cases:
                yield from _at_the_end(case.body, last=ends)
        elif (
            (isinstance(statement, ast.Return) and _is_super_execute(statement.value))
            or (ends and isinstance(statement, ast.Expr) and _is_super_execute(statement.value))
            or (isinstance(statement, ast.Assign) and _is_returned(statement, body[index + 1 :]))
        ):
            yield id(statement.value)


def _is_returned(assignment: ast.Assign, rest: list[ast.stmt]) -> bool:
    """``value = super().execute(context)``, and then nothing but ``return value``."""
    names = [each.id for each in assignment.targets if isinstance(each, ast.Name)]
    value = rest[0].value if rest and isinstance(rest[0], ast.Return) else None
    return (
        _is_super_execute(assignment.value) and isinstance(value, ast.Name) and [value.id] == names
    )


def _is_super_execute(node: ast.AST | None) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "execute"
        and isinstance(node.func.value, ast.Call)
        and isinstance(node.func.value.func, ast.Name)
        and node.func.value.func.id == "super"
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
