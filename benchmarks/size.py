"""How much a benchmark measures: everything, or a little to see that it still measures at all."""

import os

from benchmarks.errors import BenchmarkFailed

FULL, SMALL = "full", "small"
VARIABLE = "SIZE"


class UnknownSize(BenchmarkFailed):
    """The environment's SIZE is neither of the two."""


def size() -> str:
    """``SIZE`` of the environment; "full" without it. Raises UnknownSize."""
    asked = os.environ.get(VARIABLE) or FULL
    if asked not in (FULL, SMALL):
        raise UnknownSize(f"SIZE is {asked!r}: use {SMALL} or {FULL}, or leave it out")
    return asked


def sized[T](full: T, small: T) -> T:
    """The one of two values that goes with the size asked for. Raises UnknownSize."""
    return full if size() == FULL else small
