"""Converts the stock operators' polling limits into time limits."""

from __future__ import annotations

from datetime import timedelta

LONGEST_SECONDS = 6_000_000
"""The amazon provider's default for ECS: 1,000,000 times 6 s. Its source says that
``execution_timeout`` is the actual limit (operators/ecs.py). So a limit this long or longer is no
limit here."""


def polling_limit(
    attempts: float | None, delay: float | None, *, usual_delay: float
) -> timedelta | None:
    """The time that this many attempts take, ``delay`` seconds apart. None if there is no limit.

    Args:
        attempts: None means no limit, and so do large numbers such as ``sys.maxsize``.
        delay: in seconds. None takes ``usual_delay``, the keyword's default.
    """
    if attempts is None:
        return None
    seconds = attempts * (usual_delay if delay is None else delay)
    return None if seconds >= LONGEST_SECONDS else timedelta(seconds=seconds)


def shorter(limit: timedelta | None, other: timedelta | None) -> timedelta | None:
    """The shorter of two limits. Either may be None."""
    return min((each for each in (limit, other) if each is not None), default=None)
