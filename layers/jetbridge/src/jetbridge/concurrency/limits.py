"""Reads the stack's parameter ConcurrencyGroups."""

import re
from collections.abc import Iterable

# All holders of a group are in one item, so a write costs more if there are more of them.
MOST_SLOTS = 1000
_ITEM = re.compile(r"([A-Za-z0-9_.-]{1,64})=([0-9]{1,4})")


def limits_in(items: Iterable[str]) -> dict[str, int]:
    """Limits by group, from items such as ``etl=50``.

    Raises:
        ValueError: names the item, what is wrong, and what to write.
    """
    limits: dict[str, int] = {}
    for item in items:
        found = _ITEM.fullmatch(item)
        limit = int(found[2]) if found else 0
        if found is None or not 1 <= limit <= MOST_SLOTS:
            raise ValueError(
                f"ConcurrencyGroups: {item!r} is not a group with a limit. Give name=limit, such "
                f"as etl=50, with a limit of 1 to {MOST_SLOTS}"
            )
        if found[1] in limits:
            raise ValueError(f"ConcurrencyGroups: {found[1]} is given twice. Give it one limit")
        limits[found[1]] = limit
    return limits
