"""Which Airflows aren't asked for a while, so that one that is down costs little time."""

import time
from collections.abc import Callable

FIRST_SECONDS = 5.0
LONGEST_SECONDS = 60.0


class Breaker:
    """In the memory of one warm function: each function asks an Airflow that is down once a
    minute at most, and the others as ever."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: dict[str, int] = {}
        self._shut_until: dict[str, float] = {}

    def remaining(self, name: str) -> float:
        """Seconds for which that Airflow isn't to be asked; 0: ask."""
        return max(0.0, self._shut_until.get(name, 0.0) - self._clock())

    def failed(self, name: str, retry_after: float) -> None:
        """It couldn't be asked, and wants no call for ``retry_after`` seconds."""
        failures = self._failures.get(name, 0)
        self._failures[name] = failures + 1
        pause = min(LONGEST_SECONDS, FIRST_SECONDS * 2 ** min(failures, 10))
        self._shut_until[name] = self._clock() + max(pause, retry_after)

    def answered(self, name: str) -> None:
        self._failures.pop(name, None)
        self._shut_until.pop(name, None)
