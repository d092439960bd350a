"""Sums up the runs of a period: lags, throughput, causes."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from jetbridge.contract import State
from jetbridge_cli.report.lines import RunLine, between

# RunLine's times in the order in which they occur, with their names.
_MOMENTS = {
    "due": "accepted or due again",
    "launched": "launched",
    "running": "running",
    "stopped": "stopped",
    "recorded": "recorded",
    "sealed": "sealed",
}
_BUCKETS = (60, 300, 900, 3600, 4 * 3600, 86_400, 7 * 86_400)
_MOST_BUCKETS = 48


@dataclass(frozen=True, kw_only=True)
class Lag:
    """Seconds between two times. ``runs`` is the number of runs with both times known."""

    name: str
    runs: int
    median: float
    p90: float
    longest: float


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """The number of runs that ended between ``at`` and the next bucket's ``at`` (epoch seconds)."""

    at: float
    succeeded: int = 0
    failed: int = 0
    stopped: int = 0

    @property
    def total(self) -> int:
        return self.succeeded + self.failed + self.stopped


@dataclass(frozen=True, kw_only=True)
class CauseCount:
    """``runs`` failed or were stopped by the cause. ``launches`` died of it and were replaced.
    ``reason`` and ``run_id`` belong to the newest."""

    cause: str
    runs: int
    launches: int
    reason: str
    run_id: str


def nearest_rank(ordered: Sequence[float], share: float) -> float:
    """The smallest value that at least ``share`` of the values don't exceed. ``ordered`` is
    ascending and not empty."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def lags_of(lines: Iterable[RunLine]) -> list[Lag]:
    """The lags between consecutive times of each run's last launch. A lag is left out if no run has
    both times."""
    ended = [line for line in lines if line.sealed is not None]
    found = []
    for earlier, later in pairwise(_MOMENTS):
        seconds = sorted(
            lag
            for line in ended
            if (lag := between(getattr(line, earlier), getattr(line, later))) is not None
        )
        if seconds:
            found.append(
                Lag(
                    name=f"{_MOMENTS[earlier]} → {_MOMENTS[later]}",
                    runs=len(seconds),
                    median=nearest_rank(seconds, 0.5),
                    p90=nearest_rank(seconds, 0.9),
                    longest=seconds[-1],
                )
            )
    return found


def bucket_seconds(since: float, until: float) -> int:
    """The shortest bucket length that fills the period with at most 48 buckets."""
    fits = (each for each in _BUCKETS if (until - since) / each <= _MOST_BUCKETS)
    return next(fits, _BUCKETS[-1])


def throughput_of(lines: Iterable[RunLine], since: float, until: float) -> list[Bucket]:
    """Ended runs by time, including empty buckets."""
    length = bucket_seconds(since, until)
    first = int(since // length)
    counts: dict[int, dict[str, int]] = {
        number: {} for number in range(first, int(until // length) + 1)
    }
    for line in lines:
        if line.sealed is None or not since <= line.sealed <= until:
            continue
        of_states = counts[int(line.sealed // length)]
        of_states[line.state] = of_states.get(line.state, 0) + 1
    return [Bucket(at=number * length, **of_states) for number, of_states in counts.items()]


def causes_of(lines: Iterable[RunLine]) -> list[CauseCount]:
    """Why runs failed or were stopped, and why replaced launches died. The most frequent first."""
    runs: dict[str, int] = {}
    launches: dict[str, int] = {}
    newest: dict[str, tuple[float, str, str]] = {}

    def count(counts: dict[str, int], line: RunLine, cause: str, reason: str, at: float) -> None:
        counts[cause] = counts.get(cause, 0) + 1
        newest[cause] = max(newest.get(cause, (-1.0, "", "")), (at, reason, line.run_id))

    for line in lines:
        if line.sealed is not None and line.state != State.SUCCEEDED:
            count(runs, line, line.cause, line.reason, line.sealed)
        for launch in line.replaced:
            count(launches, line, launch.cause, launch.reason, launch.until)
    found = [
        CauseCount(
            cause=cause,
            runs=runs.get(cause, 0),
            launches=launches.get(cause, 0),
            reason=reason,
            run_id=run_id,
        )
        for cause, (_, reason, run_id) in newest.items()
    ]
    return sorted(found, key=lambda each: (-each.runs, -each.launches, each.cause))
