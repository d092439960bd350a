"""The content of the report's page, as numbers and text."""

import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from jetbridge.contract import State
from jetbridge_cli.operate.pricing import By, Sum, summed
from jetbridge_cli.operate.record import Record
from jetbridge_cli.report.lines import RunLine, line_of
from jetbridge_cli.report.sums import (
    Bucket,
    CauseCount,
    Lag,
    causes_of,
    lags_of,
    throughput_of,
)
from jetbridge_cli.sizing.groups import Sizing

_SLOWEST = 10


@dataclass(frozen=True, kw_only=True)
class Report:
    """Attributes:
    since, until: the period, in epoch seconds.
    counts: ended runs by state, and ``unfinished`` for runs in progress.
    replaced: how many launches died and were replaced.
    lines: the newest runs, newest first. ``left_out``: how many more there are.
    costs: by DAG or other caller, as in ``jetbridge cost``, the most expensive first.
    cost: the total.
    sizing: by task and size, from Container Insights. None if it wasn't asked.
    slowest: the runs that took the longest from due to running.
    problems: how many rows or outcomes can't be read.
    """

    stack: str
    region: str
    since: float
    until: float
    counts: dict[str, int]
    replaced: int
    lines: list[RunLine]
    left_out: int
    lags: list[Lag]
    throughput: list[Bucket]
    causes: list[CauseCount]
    costs: dict[str, Sum]
    cost: Sum
    slowest: list[RunLine]
    sizing: Sizing | None = None
    problems: int


def report_of(
    records: Iterable[Record],
    *,
    stack: str,
    region: str,
    since: float,
    until: float,
    limit: int,
    sizing: Callable[[Iterable[Record]], Sizing] | None = None,
) -> Report:
    """Args:
    records: runs that ended between ``since`` and ``until``, and runs in progress, in any order.
    limit: how many runs have a bar in the timeline.
    sizing: gives advice on runs. None leaves the advice out.
    """
    known = list(records)
    lines = [line_of(record) for record in known]
    lines.sort(key=lambda line: line.began or 0.0, reverse=True)
    counts = {str(state): 0 for state in State} | {"unfinished": 0}
    for line in lines:
        counts[line.state if line.sealed is not None else "unfinished"] += 1
    total = Sum()
    for record in known:
        if record.outcome is not None:
            total.add(record.outcome)
    return Report(
        stack=stack,
        region=region,
        since=since,
        until=until,
        counts=counts,
        replaced=sum(len(line.replaced) for line in lines),
        lines=lines[:limit],
        left_out=max(0, len(lines) - limit),
        lags=lags_of(lines),
        throughput=throughput_of(lines, since, until),
        causes=causes_of(lines),
        costs=summed(known, By.DAG),
        cost=total,
        slowest=heapq.nlargest(
            _SLOWEST,
            (line for line in lines if line.start_seconds is not None),
            key=lambda line: line.start_seconds or 0.0,
        ),
        sizing=sizing(known) if sizing else None,
        problems=sum(bool(record.problem) for record in known),
    )
