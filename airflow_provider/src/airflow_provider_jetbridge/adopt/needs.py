"""Which names and ARNs the stack must allow for a task, from the task's keywords."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_PLACES: Mapping[str, Mapping[str, str]] = {
    "EcsRunTaskOperator": {
        "cluster": "clusters",
        "task_definition": "task_definitions",
        "awslogs_group": "log_groups",
    },
    "BatchOperator": {"job_queue": "job_queues", "job_definition": "job_definitions"},
}
_LATER = object()
_ROLES = ("taskRoleArn", "executionRoleArn", "roleArn")


@dataclass
class Needs:
    """What the stack's parameters have to allow, as names or ARNs from the DAG.

    Attributes:
        unknown: keywords whose values are known only when the task runs, with their expressions.
    """

    clusters: list[str] = field(default_factory=list)
    task_definitions: list[str] = field(default_factory=list)
    job_queues: list[str] = field(default_factory=list)
    job_definitions: list[str] = field(default_factory=list)
    roles: list[str] = field(default_factory=list)
    log_groups: list[str] = field(default_factory=list)
    unknown: dict[str, str] = field(default_factory=dict)


def needs_of(
    operator: str, values: Mapping[str, Any], expanded: Sequence[Mapping[str, Any]] = ()
) -> Needs:
    """List what the stack must allow for a task with these keywords.

    Args:
        operator: ``EcsRunTaskOperator`` or ``BatchOperator``.
        values: the task's keywords. For a mapped task, the keywords that all instances share.
        expanded: the other keywords of a mapped task's instances (`classes.expanded_of`).
    """
    needs = Needs()
    for keyword, kind in _PLACES[operator].items():
        for value in _values(keyword, values, expanded):
            if kind == "log_groups" and value in (None, _LATER):
                continue
            if not is_literal(value):
                needs.unknown[keyword] = _described(value)
            elif value not in getattr(needs, kind):
                getattr(needs, kind).append(value)
    for keyword in ("overrides", "volume_configurations"):
        for value in _values(keyword, values, expanded):
            roles = [each for each in _roles(value) if is_literal(each)]
            needs.roles += [each for each in roles if each not in needs.roles]
    return needs


def _values(
    keyword: str, values: Mapping[str, Any], expanded: Sequence[Mapping[str, Any]]
) -> Sequence[Any]:
    """The values that a keyword may have. `_LATER` alone if they are known only when the task
    runs."""
    if keyword in values:
        return [values[keyword]]
    return [each[keyword] for each in expanded if keyword in each] or [_LATER]


def is_literal(value: Any) -> bool:
    """Whether a value is known when the DAG is parsed."""
    return isinstance(value, str) and "{{" not in value and "{%" not in value


def _described(value: Any) -> str:
    """Completes the sentence "the keyword is …"."""
    if value is _LATER:
        return "known when the task runs"
    if value is None:
        return "None"
    if isinstance(value, str):
        return f"the template {value}"
    return f"a {type(value).__name__}, known when the task runs"


def _roles(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key in _ROLES:
                yield inner
            else:
                yield from _roles(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _roles(inner)
