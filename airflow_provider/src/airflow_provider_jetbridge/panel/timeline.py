"""The events of a run with their times, and the bars between them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from airflow_provider_jetbridge.panel.texts import seconds_of, time_of

Look = Literal["good", "bad", "stopped", "moving", "unknown"]

STARTS = "the container starts"


@dataclass(frozen=True)
class Moment:
    """An event at the time ``at`` (epoch seconds), ``lag`` seconds after the previous one."""

    what: str
    at: float
    lag: float | None = None

    @property
    def time(self) -> str:
        return time_of(self.at)


@dataclass(frozen=True)
class Segment:
    """A part of a bar, in thousandths of the total time."""

    look: str
    start: int
    width: int


@dataclass(frozen=True)
class Bar:
    """One line of the picture. ``text`` describes it in words."""

    name: str
    text: str
    segments: tuple[Segment, ...]


def moments_of(times: Mapping[str, float | None]) -> tuple[Moment, ...]:
    """The known moments, in the order of their times."""
    found = sorted(
        ((at, what) for what, at in times.items() if at is not None), key=lambda each: each[0]
    )
    lags = [None, *(later[0] - former[0] for former, later in pairwise(found))]
    return tuple(Moment(what, at, lag) for (at, what), lag in zip(found, lags, strict=True))


def bars_of(moments: tuple[Moment, ...], deaths: Collection[str], end: Look) -> tuple[Bar, ...]:
    """A bar for each interval between two moments. The bar of the running container is
    highlighted."""
    if len(moments) < 2:
        return ()
    first, whole = moments[0].at, max(moments[-1].at - moments[0].at, 1e-9)
    bars = []
    for former, later in pairwise(moments):
        if former.what == STARTS:
            look: str = end
        else:
            look = "dead" if later.what in deaths else "waits"
        start = round(1000 * (former.at - first) / whole)
        stop = round(1000 * (later.at - first) / whole)
        text = f"{seconds_of(later.at - former.at)} until {later.what}"
        bars.append(Bar(former.what, text, (Segment(look, start, max(stop - start, 2)),)))
    return tuple(bars)
