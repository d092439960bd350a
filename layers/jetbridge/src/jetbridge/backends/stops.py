"""Stops tasks or jobs one after the other."""

from collections.abc import Callable, Mapping
from typing import Any


def each_by_itself(
    stop: Callable[[str, dict[str, Any], str], None],
    stops: Mapping[str, dict[str, Any]],
    reason: str,
) -> dict[str, Exception]:
    """Stop each, even if another fails. Returns the errors by ARN or id."""
    errors: dict[str, Exception] = {}
    for backend_id, parameters in stops.items():
        try:
            stop(backend_id, parameters, reason)
        except Exception as error:  # one that is refused must not hold up the others
            errors[backend_id] = error
    return errors
