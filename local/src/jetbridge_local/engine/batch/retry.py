"""Whether a failed attempt is followed by another.

Source: API_EvaluateOnExit and AWS Batch user guide, job_retries.html.
"""

from typing import Any


def is_retried(
    strategy: dict[str, Any],
    attempts: int,
    exit_code: int | None,
    reason: str | None,
    status_reason: str,
) -> bool:
    """Whether the attempt is retried. The first condition that matches decides; if none does, it is
    retried.

    ``attempts`` is the number of attempts so far. ``reason`` is the container's.
    """
    if attempts >= strategy["attempts"]:
        return False
    for condition in strategy["evaluateOnExit"]:
        if (
            _matches(condition.get("onExitCode"), None if exit_code is None else str(exit_code))
            and _matches(condition.get("onReason"), reason)
            and _matches(condition.get("onStatusReason"), status_reason)
        ):
            return bool(condition["action"].upper() == "RETRY")
    return True


def _matches(pattern: str | None, value: str | None) -> bool:
    if pattern is None:
        return True
    if pattern.endswith("*"):
        return (value or "").startswith(pattern[:-1])
    return value == pattern
