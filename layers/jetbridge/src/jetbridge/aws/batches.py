"""Items in batches, since AWS limits how many one call may have."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")


def batches(items: Iterable[Item], size: int) -> Iterator[tuple[Item, ...]]:
    """Up to ``size`` items at a time. ``itertools.batched`` comes with Python 3.12, and users of
    the command and the provider may have 3.11."""
    left = iter(items)
    while batch := tuple(islice(left, size)):
        yield batch
