"""How long to wait between attempts: exponential back-off with jitter.

Source: AWS SDKs and Tools reference guide, "Retry behavior" (a random part of an exponentially
growing, bounded time).
"""

import random
from collections.abc import Callable

# A larger power would only make a number that the longest pause bounds anyway.
_MOST_DOUBLINGS = 30


def back_off(first: float, doublings: int, longest: float) -> float:
    """Seconds: ``first``, doubled ``doublings`` times, but at most ``longest``."""
    return min(longest, first * 2.0 ** min(doublings, _MOST_DOUBLINGS))


def spread(seconds: float, jitter: Callable[[], float] = random.random) -> float:
    """Half of the seconds up to all of them, so that not all attempts come at the same time.

    Args:
        jitter: a random number from 0 to 1. It keeps no secret.
    """
    return seconds * (0.5 + jitter() / 2)
