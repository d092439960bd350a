"""The stack's parameter ConcurrencyGroups, read."""

import re
from collections.abc import Iterable

# The holders of a group are one item, so that each write costs by their number.
MOST_SLOTS = 1000
_ITEM = re.compile(r"([A-Za-z0-9_.-]{1,64})=([0-9]{1,4})")


def limits_in(items: Iterable[str]) -> dict[str, int]:
    """Limits by group, of items such as ``etl=50``.

    Raises:
        ValueError: names the item, what is wrong, and what to give.
    """
    limits: dict[str, int] = {}
    for item in items:
        found = _ITEM.fullmatch(item)
        limit = int(found[2]) if found else 0
        if found is None or not 1 <= limit <= MOST_SLOTS:
            raise ValueError(
                f"ConcurrencyGroups: {item!r} is no group with its limit. Give name=limit, such as "
                f"etl=50, with a limit of 1 to {MOST_SLOTS}"
            )
        if found[1] in limits:
            raise ValueError(f"ConcurrencyGroups: {found[1]} is given twice. Give it one limit")
        limits[found[1]] = limit
    return limits
