"""How AWS limits a rate: a bucket of tokens that is refilled at a steady rate."""

import time
from collections.abc import Callable


class TokenBucket:
    """A bucket that is full at first. Not thread-safe: the engine holds the lock.

    Source: Amazon ECS developer guide, "Request throttling for the Amazon ECS API".
    """

    def __init__(
        self, per_second: float, burst: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._per_second = per_second
        self._burst = burst
        self._clock = clock
        self._tokens = float(burst)
        self._at = clock()

    def take(self, tokens: int = 1) -> bool:
        """Take this many tokens if the bucket has them, otherwise none."""
        now = self._clock()
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._per_second)
        self._at = now
        if self._tokens < tokens:
            return False
        self._tokens -= tokens
        return True
