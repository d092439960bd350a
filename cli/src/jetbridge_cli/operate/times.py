"""Parses times as people write them: ``90m``, ``3d``, ``2026-11-23``, ``2026-11-23T01:00:00Z``."""

import re
import time
from datetime import UTC, datetime

from jetbridge_cli.problems import Problem

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_AGO = re.compile(r"(\d{1,9})([smhdw])")


def moment_of(option: str, text: str, now: float | None = None) -> float:
    """Epoch seconds of a duration before now, or of an ISO 8601 time, in UTC unless it names a
    zone.

    Raises:
        Problem: the text is neither. ``option`` is the option with this text.
    """
    if ago := _AGO.fullmatch(text.strip()):
        return (time.time() if now is None else now) - int(ago[1]) * _UNITS[ago[2]]
    try:
        found = datetime.fromisoformat(text.strip())
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError) as error:
        raise Problem(
            f"{option}: {text!r} isn't a time: give how long ago (30m, 6h, 3d) or a moment "
            "(2026-11-23, 2026-11-23T01:00:00Z)"
        ) from error
