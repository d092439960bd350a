"""The values that retry strategies, timeouts and requests may have.

Sources: API_RetryStrategy, API_EvaluateOnExit, API_JobTimeout; AWS Batch user guide,
service_limits.html.
"""

import json
import re
from typing import Any

from .errors import client_error, request_error

SMALLEST_ARRAY = 2
LARGEST_ARRAY = 10_000
MOST_DEPENDENCIES = 20
MOST_DESCRIBED = 100
MOST_TERMINATED = 50
_MOST_ATTEMPTS = 10
_MOST_CONDITIONS = 5
_SHORTEST_TIMEOUT_SECONDS = 60
_LARGEST_REQUEST_BYTES = 30 * 1024
_PATTERN = re.compile(r"[0-9A-Za-z.:\s]{0,511}[0-9A-Za-z.:\s*]?")
_EXIT_CODE = re.compile(r"[0-9]{1,10}|[0-9]{0,9}\*")


def check_request_size(parameters: dict[str, Any]) -> None:
    """Raises AwsError if a SubmitJob request is too large."""
    size = len(json.dumps(parameters, separators=(",", ":")).encode())
    if size > _LARGEST_REQUEST_BYTES:
        raise request_error(
            f"Job submission payload of {size} bytes is over the limit of "
            f"{_LARGEST_REQUEST_BYTES} bytes"
        )


def check_timeout(timeout: dict[str, Any] | None) -> None:
    seconds = (timeout or {}).get("attemptDurationSeconds")
    if seconds is not None and seconds < _SHORTEST_TIMEOUT_SECONDS:
        raise request_error(
            f"Timeout attemptDurationSeconds must be at least {_SHORTEST_TIMEOUT_SECONDS} seconds"
        )


def check_retry_strategy(strategy: dict[str, Any] | None) -> None:
    if not strategy:
        return
    if not 1 <= strategy.get("attempts", 1) <= _MOST_ATTEMPTS:
        raise request_error(f"Retry attempts must be between 1 and {_MOST_ATTEMPTS}")
    conditions = strategy.get("evaluateOnExit", [])
    if len(conditions) > _MOST_CONDITIONS:
        raise request_error(f"evaluateOnExit can have at most {_MOST_CONDITIONS} conditions")
    for condition in conditions:
        for member, pattern in (
            ("onExitCode", _EXIT_CODE),
            ("onReason", _PATTERN),
            ("onStatusReason", _PATTERN),
        ):
            if not pattern.fullmatch(condition.get(member, "*")):
                raise client_error(
                    f"evaluateOnExit {member} '{condition[member]}' doesn't match its pattern: "
                    "an asterisk may only be at the end."
                )


def full_retry_strategy(strategy: dict[str, Any] | None) -> dict[str, Any]:
    """The retry strategy with the members that AWS always returns."""
    return {"attempts": 1, "evaluateOnExit": []} | (strategy or {})
