"""Container environments are not for terminals and scrollback: they may hold secrets."""

from typing import Any

REDACTED = "(redacted)"


def redacted(value: Any) -> Any:
    """JSON with the values of every container environment replaced; the names stay.

    AWS writes an environment as a list of names and values, under a key that is spelled
    ``environment`` by ECS and Batch and ``Environment`` by EventBridge Scheduler's targets.
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
