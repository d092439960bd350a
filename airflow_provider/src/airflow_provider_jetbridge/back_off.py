"""How long to wait between attempts: a time that doubles with each failure, up to a limit."""

from __future__ import annotations

_MOST_DOUBLINGS = 30


def back_off(first: float, doublings: int, longest: float) -> float:
    """Seconds: ``first``, doubled ``doublings`` times, but at most ``longest``."""
    return min(longest, first * 2.0 ** min(doublings, _MOST_DOUBLINGS))
