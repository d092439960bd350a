"""Positions of the timeline's bars, in percent of its width."""

from collections.abc import Sequence
from dataclasses import dataclass

from jetbridge_cli.report.lines import RunLine
from jetbridge_cli.writing import duration, moment

# The smallest width, so that a short run is visible.
_LEAST_PERCENT = 0.4


@dataclass(frozen=True)
class Bar:
    """``kind`` is died, waiting, starting, or the run's state. ``x`` and ``width`` are in
    percent."""

    kind: str
    x: float
    width: float
    title: str


@dataclass(frozen=True)
class Timeline:
    """``since`` and ``until`` are the left and right end in epoch seconds. ``rows`` has each run's
    bars."""

    since: float
    until: float
    rows: list[tuple[RunLine, list[Bar]]]

    @property
    def ticks(self) -> list[float]:
        return [self.since + (self.until - self.since) * part / 4 for part in range(5)]


def timeline_of(lines: Sequence[RunLine], since: float, until: float) -> Timeline:
    """The timeline from the first event of these runs to the last, within ``since`` and
    ``until``."""
    firsts = [line.began for line in lines if line.began is not None]
    lasts = [line.sealed if line.sealed is not None else until for line in lines]
    left = min(max(since, min(firsts, default=since)), until)
    right = max(min(until, max(lasts, default=until)), left + 1)
    return Timeline(left, right, [(line, _bars_of(line, left, right, until)) for line in lines])


def _bars_of(line: RunLine, left: float, right: float, now: float) -> list[Bar]:
    spans: list[tuple[str, float, float, str]] = [
        (
            "died",
            each.since,
            each.until,
            f"launch {each.number} died: {each.cause}: {each.reason}",
        )
        for each in line.replaced
    ]
    end = line.sealed if line.sealed is not None else now
    begin = line.replaced[-1].until if line.replaced else line.began
    if begin is None:
        return []
    running = line.running
    until = end if running is None else running
    launched = line.launched
    if launched is not None and begin < launched < until:
        spans.append(("waiting", begin, launched, "waits for its launch"))
        spans.append(("starting", launched, until, "AWS starts it"))
    else:
        spans.append(("waiting", begin, until, "waits until it runs"))
    if running is not None:
        stopped = line.stopped if line.stopped is not None else end
        spans.append((line.state, running, stopped, f"{line.state} {line.cause}".strip()))
    elif line.sealed is not None:
        spans.append((line.state, end, end, f"{line.state} {line.cause}, without having run"))
    return [bar for span in spans if (bar := _bar(*span, left, right))]


def _bar(kind: str, since: float, until: float, what: str, left: float, right: float) -> Bar | None:
    """A bar, or None if it lies outside the timeline."""
    until = max(since, until)
    if until < left or since > right:
        return None
    scale = 100 / (right - left)
    x = max(0.0, (since - left) * scale)
    width = max(_LEAST_PERCENT, (min(until, right) - max(since, left)) * scale)
    return Bar(
        kind,
        round(min(x, 100 - _LEAST_PERCENT), 3),
        round(width, 3),
        f"{what}; {moment(since)}, {duration(until - since)}",
    )
