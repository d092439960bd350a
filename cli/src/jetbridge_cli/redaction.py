"""Hides the values of container environments, because they may contain secrets."""

from typing import Any

REDACTED = "(redacted)"


def redacted(value: Any) -> Any:
    """The JSON with the values of every container environment replaced. The names stay.

    AWS writes an environment as a list of names and values. The key is ``environment`` in ECS and
    Batch, and ``Environment`` in targets of EventBridge Scheduler.
    """
    if isinstance(value, dict):
        return {
            name: _environment(inner) if str(name).lower() == "environment" else redacted(inner)
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [redacted(inner) for inner in value]
    return value


def _environment(value: Any) -> Any:
    if isinstance(value, dict):
        return dict.fromkeys(value, REDACTED)
    if not isinstance(value, list):
        return REDACTED
    return [_variable(each) for each in value]


def _variable(variable: Any) -> Any:
    if not isinstance(variable, dict):
        return REDACTED
    return {
        name: inner if str(name).lower() == "name" else REDACTED for name, inner in variable.items()
    }
