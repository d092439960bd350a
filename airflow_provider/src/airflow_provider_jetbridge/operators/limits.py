"""The stock operators' limits of polling, as limits of time."""

from __future__ import annotations

from datetime import timedelta

LONGEST_SECONDS = 6_000_000
"""The amazon provider's own default for ECS, 1,000,000 times 6 s, of which it says that Airflow's
``execution_timeout`` is the limit (operators/ecs.py). What is as long is no limit here either."""


def polling_limit(
    attempts: float | None, delay: float | None, *, usual_delay: float
) -> timedelta | None:
    """So many attempts, ``delay`` seconds apart, take so long; None: there is no limit.

    Args:
        attempts: None is no limit, as large numbers (``sys.maxsize``) are.
        delay: seconds; None: ``usual_delay``, the keyword's default.
    """
    if attempts is None:
        return None
    seconds = attempts * (usual_delay if delay is None else delay)
    return None if seconds >= LONGEST_SECONDS else timedelta(seconds=seconds)


def shorter(limit: timedelta | None, other: timedelta | None) -> timedelta | None:
    """The shorter of two limits, of which each may not be there."""
    return min((each for each in (limit, other) if each is not None), default=None)
