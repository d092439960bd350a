"""The figures, from measurements."""

import math
import statistics
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.lag.measurements import Measurement, Missing
from benchmarks.lag.plan import Kind

Measured = Sequence[Measurement | Missing]

FEED = (Kind.FEED_ECS, Kind.FEED_BATCH)
PUSH = (Kind.PUSH_ECS, Kind.PUSH_BATCH)
SHORT = (Kind.SHORT_FEED_ECS, Kind.SHORT_FEED_BATCH)
SHORT_STOCK = (Kind.SHORT_STOCK_ECS, Kind.SHORT_STOCK_BATCH)


def of_kinds(measured: Measured, *kinds: Kind) -> Measured:
    return [each for each in measured if each.run.kind in kinds]


def missing(measured: Measured) -> list[Missing]:
    return [each for each in measured if isinstance(each, Missing)]


def lag(each: Measurement) -> float:
    return each.lag


def took(each: Measurement) -> float:
    return each.took


def percentile(
    measured: Measured, percent: float, of: Callable[[Measurement], float] = lag
) -> float | None:
    """The nearest-rank percentile of the lag, or of another time, in seconds.

    None if that rank is a missing run, or if there is nothing to measure.
    """
    if not measured:
        return None
    ranked = sorted(of(each) if isinstance(each, Measurement) else math.inf for each in measured)
    found = ranked[math.ceil(percent / 100 * len(ranked)) - 1]
    return found if math.isfinite(found) else None


def ratio(ours: float | None, theirs: float | None) -> float | None:
    return ours / theirs if ours is not None and theirs else None


def typical(
    measured: Measured, between: Callable[[Measurement], tuple[float | None, float | None]]
) -> float | None:
    """The median time between two moments, over the runs that have both; None if none has."""
    times = [
        end - begin
        for each in measured
        if isinstance(each, Measurement)
        for begin, end in [between(each)]
        if begin is not None and end is not None
    ]
    return statistics.median(times) if times else None


def settling(measured: Measured) -> list[float]:
    """How long finish_run waited for log lines, for each run of which it is known."""
    return [
        each.passage.settling
        for each in measured
        if isinstance(each, Measurement)
        and each.passage is not None
        and each.passage.settling is not None
    ]


def figures(measured: Measured) -> dict[str, Any]:
    """The figures that ``benchmarks.lag`` documents, rounded, for the kinds that were run; null if
    too many runs are missing."""

    def p(percent: float, *kinds: Kind) -> float | None:
        return percentile(of_kinds(measured, *kinds), percent)

    found: dict[str, float | None] = {}
    run = {each.run.kind for each in measured}
    for name, kinds in (
        ("ours_feed", FEED),
        ("ours_push", PUSH),
        ("floor", (Kind.FLOOR,)),
        ("stock_ecs", (Kind.STOCK_ECS,)),
        ("stock_batch", (Kind.STOCK_BATCH,)),
    ):
        if run.issuperset(kinds):
            found |= {f"{name}_p50_s": p(50, *kinds), f"{name}_p95_s": p(95, *kinds)}
    for name, ours, stock in (
        ("feed_over_ecs", Kind.FEED_ECS, Kind.STOCK_ECS),
        ("push_over_ecs", Kind.PUSH_ECS, Kind.STOCK_ECS),
        ("feed_over_batch", Kind.FEED_BATCH, Kind.STOCK_BATCH),
    ):
        if run.issuperset((ours, stock)):
            found[name] = ratio(p(50, ours), p(50, stock))
    if run.issuperset((*SHORT, *SHORT_STOCK)):
        found |= _short(measured)
    waits = settling(measured)
    found["settling_p50_s"] = statistics.median(waits) if waits else None
    return {name: _rounded(value) for name, value in found.items()} | {
        "p50_s": {str(kind): _rounded(p(50, kind)) for kind in Kind if kind in run},
        "runs": len(measured),
        "missing": len(missing(measured)),
        "short_runs": len(of_kinds(measured, *SHORT)),
        "short_missing": len(missing(of_kinds(measured, *SHORT))),
        "short_stock_runs": len(of_kinds(measured, *SHORT_STOCK)),
        "short_stock_missing": len(missing(of_kinds(measured, *SHORT_STOCK))),
    }


def _short(measured: Measured) -> dict[str, float | None]:
    """How long tasks with short jobs take from their start to their end. Airflow fails some of
    stock's, which nothing holds: theirs are of those that ended."""

    def p(*kinds: Kind, percent: float = 50) -> float | None:
        return percentile(of_kinds(measured, *kinds), percent, took)

    def ended(kind: Kind) -> float | None:
        runs = [each for each in of_kinds(measured, kind) if isinstance(each, Measurement)]
        return percentile(runs, 50, took)

    ours, stock = p(Kind.SHORT_FEED_ECS), ended(Kind.SHORT_STOCK_ECS)
    return {
        "short_ours_p50_s": p(*SHORT),
        "short_ours_p95_s": p(*SHORT, percent=95),
        "short_stock_ecs_p50_s": stock,
        "short_stock_batch_p50_s": ended(Kind.SHORT_STOCK_BATCH),
        "short_ecs_beyond_stock_s": None if ours is None or stock is None else ours - stock,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
