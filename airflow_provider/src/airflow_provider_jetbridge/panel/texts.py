"""Formats texts, times and durations for the panel."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from jetbridge.contract import inert

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def shown(text: str) -> str:
    """A text from outside, made inert."""
    return _COLOURS.sub("", inert(text))


def time_of(epoch: float) -> str:
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def seconds_of(seconds: float) -> str:
    """A duration in a readable form: ``4.2 s``, ``3 min 05 s``, ``2 h 03 min``."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min"


def words(cause: str) -> str:
    return cause.replace("_", " ")
