"""Pauses calls to an Airflow that is down, so that it costs little time."""

import time
from collections.abc import Callable

from jetbridge.aws.back_off import back_off

FIRST_SECONDS = 5.0
LONGEST_SECONDS = 60.0


class Breaker:
    """Kept in the memory of one warm function. Each function calls an Airflow that is down at most
    once a minute, and the others as usual."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: dict[str, int] = {}
        self._shut_until: dict[str, float] = {}

    def remaining(self, name: str) -> float:
        """For how many seconds not to call that Airflow; 0: call it."""
        return max(0.0, self._shut_until.get(name, 0.0) - self._clock())

    def failed(self, name: str, retry_after: float) -> None:
        """Record that the Airflow was unavailable, and asked for no call for ``retry_after``
        seconds."""
        failures = self._failures.get(name, 0)
        self._failures[name] = failures + 1
        pause = back_off(FIRST_SECONDS, failures, LONGEST_SECONDS)
        self._shut_until[name] = self._clock() + max(pause, retry_after)

    def answered(self, name: str) -> None:
        self._failures.pop(name, None)
        self._shut_until.pop(name, None)
