"""Times in records and rows, as the tables keep them."""

from datetime import UTC, datetime
from typing import Annotated

from msgspec import Meta

LAST = 1e11
"""In the year 5138, so that Python's datetime holds each time and an hour more (its last year is
9999: ``datetime.MAXYEAR``)."""

EpochSeconds = Annotated[float, Meta(ge=0, le=LAST)]
"""Seconds since 1970."""


def epoch(moment: str | None) -> float | None:
    """Epoch seconds of a time in ISO 8601; without a zone it is in UTC.

    None if there is none, or if the text is no time from 1970 to ``LAST``: somebody else wrote the
    record, or a version that didn't check it.
    """
    if moment is None:
        return None
    try:
        found = datetime.fromisoformat(moment)
        seconds = (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
    return seconds if 0 <= seconds <= LAST else None
