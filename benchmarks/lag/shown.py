"""The measurements as a table: each kind's lag, and where its time went."""

from collections.abc import Sequence
from functools import partial

from rich.table import Table

from benchmarks.lag.figures import (
    Measured,
    missing,
    of_kinds,
    percentile,
    settling,
    took,
    typical,
)
from benchmarks.lag.measurements import Measurement, Passage
from benchmarks.lag.plan import Kind

_STAGES = (
    "tracked",
    "finish_run",
    "settled",
    "sealed",
    "notified",
    "resumed",
    "queued",
    "ended",
)
_ELSEWHERE = Passage(
    tracked=None, begun=None, looked=None, settled=None, sealed=None, notified=None
)


def moments(each: Measurement) -> dict[str, float | None]:
    """The moments of a run by name, in their order, from its job's end to its task's."""
    passage = each.passage or _ELSEWHERE
    return {
        "stopped": each.stopped,
        "tracked": passage.tracked,
        "finish_run": passage.begun,
        "settled": passage.settled,
        "sealed": passage.sealed,
        "notified": passage.notified,
        "resumed": _after(each.stopped, each.task.resumed),
        "queued": _after(each.stopped, each.task.queued),
        "ended": each.ended,
    }


def _after(stopped: float, moment: float | None) -> float | None:
    """The time, or None if it was earlier: a task that was never deferred has only its start."""
    return moment if moment is not None and moment >= stopped else None


def table(measured: Measured, kinds: Sequence[Kind], caption: str) -> Table:
    """One row for each kind. Stages are medians, each counted from the previous known one."""
    shown = Table(title="Lag: from the job's stoppedAt to the task's end, in seconds")
    shown.caption = caption
    shown.add_column("")
    for heading in ("runs", "missing", "p50", "p95", *(f"→ {stage}" for stage in _STAGES)):
        shown.add_column(heading, justify="right")
    shown.add_column("settling, longest", justify="right")
    shown.add_column("task's start to its end, p50", justify="right")
    for kind in kinds:
        runs = of_kinds(measured, kind)
        waits = settling(runs)
        shown.add_row(
            str(kind),
            str(len(runs)),
            str(len(missing(runs))),
            _text(percentile(runs, 50)),
            _text(percentile(runs, 95)),
            *(_text(typical(runs, partial(step, stage))) for stage in _STAGES),
            _text(max(waits) if waits else None),
            _text(percentile(runs, 50, took)),
        )
    return shown


def step(stage: str, each: Measurement) -> tuple[float | None, float | None]:
    """A stage's time after the previous stage that this run has."""
    before: float | None = None
    for name, moment in moments(each).items():
        if name == stage:
            return before, moment
        before = before if moment is None else moment
    raise KeyError(stage)


def _text(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
