"""The figures, from measurements whose figures are known."""

import json
from collections.abc import Iterable
from dataclasses import replace
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from benchmarks.lag.figures import Measured, figures, percentile, settling, typical
from benchmarks.lag.measurements import Measurement, Missing, Passage, TaskEnd
from benchmarks.lag.plan import Kind, PlannedRun
from benchmarks.lag.shown import moments, step, table
from benchmarks.result import Result


def a_run(kind: Kind) -> PlannedRun:
    return PlannedRun(name="run", kind=kind, after=0.0, seconds=20.0)


def measured(kind: Kind, lag: float, passage: Passage | None = None) -> Measurement:
    ended = 1000.0 + lag
    task = TaskEnd(
        state="success", started=980.0, resumed=ended - 0.5, queued=ended - 0.25, ended=ended
    )
    return Measurement(
        run=a_run(kind), stopped=1000.0, task=task, started=980.0, ended=ended, passage=passage
    )


def missing(kind: Kind) -> Missing:
    return Missing(run=a_run(kind), reason="is failed")


def with_lags(kind: Kind, lags: Iterable[float]) -> list[Measurement]:
    return [measured(kind, lag) for lag in lags]


def settled(seconds: float) -> Passage:
    return Passage(
        tracked=1000.0,
        begun=1000.1,
        looked=1000.2,
        settled=1000.2 + seconds,
        sealed=1003.0,
        notified=1003.5,
    )


ALL = [
    *with_lags(Kind.FEED_ECS, (1.0, 1.5, 2.0)),
    *with_lags(Kind.FEED_BATCH, (2.5, 3.0, 3.5)),
    *with_lags(Kind.PUSH_ECS, (0.5, 0.75, 1.0)),
    *with_lags(Kind.PUSH_BATCH, (0.5, 1.25, 1.5)),
    *with_lags(Kind.STOCK_ECS, (2.0, 3.0, 6.0)),
    *with_lags(Kind.STOCK_BATCH, (5.0, 15.0, 30.0)),
    *with_lags(Kind.FLOOR, (0.25, 0.5, 0.75)),
    *with_lags(Kind.SHORT_FEED_ECS, (0.5, 1.0, 2.0)),
    *with_lags(Kind.SHORT_FEED_BATCH, (1.5, 2.5, 3.0)),
    *with_lags(Kind.SHORT_STOCK_ECS, (4.0, 5.0, 6.0)),
    *with_lags(Kind.SHORT_STOCK_BATCH, (20.0, 25.0, 30.0)),
]


def test_figures_of_all_kinds() -> None:
    assert figures(ALL) == {
        "ours_feed_p50_s": 2.0,
        "ours_feed_p95_s": 3.5,
        "ours_push_p50_s": 0.75,
        "ours_push_p95_s": 1.5,
        "floor_p50_s": 0.5,
        "floor_p95_s": 0.75,
        "stock_ecs_p50_s": 3.0,
        "stock_ecs_p95_s": 6.0,
        "stock_batch_p50_s": 15.0,
        "stock_batch_p95_s": 30.0,
        "feed_over_ecs": 0.5,
        "push_over_ecs": 0.25,
        "feed_over_batch": 0.2,
        "short_ours_p50_s": 21.5,
        "short_ours_p95_s": 23.0,
        "short_stock_ecs_p50_s": 25.0,
        "short_stock_batch_p50_s": 45.0,
        "short_ecs_beyond_stock_s": -4.0,
        "short_runs": 6,
        "short_missing": 0,
        "short_stock_runs": 6,
        "short_stock_missing": 0,
        "settling_p50_s": None,
        "p50_s": {
            "short_feed_ecs": 1.0,
            "short_feed_batch": 2.5,
            "short_stock_ecs": 5.0,
            "short_stock_batch": 25.0,
            "feed_ecs": 1.5,
            "feed_batch": 3.0,
            "push_ecs": 0.75,
            "push_batch": 1.25,
            "stock_ecs": 3.0,
            "stock_batch": 15.0,
            "floor": 0.5,
        },
        "runs": 33,
        "missing": 0,
    }


def test_missing_runs_make_the_percentiles_worse_and_are_counted() -> None:
    found = figures([*ALL, *(missing(Kind.STOCK_ECS) for _ in range(2))])
    assert (found["stock_ecs_p50_s"], found["stock_ecs_p95_s"]) == (6.0, None)
    assert (found["runs"], found["missing"]) == (35, 2)


def test_too_many_missing_runs_leave_no_figure_and_no_ratio() -> None:
    found = figures([*ALL, *(missing(Kind.STOCK_ECS) for _ in range(4))])
    assert found["stock_ecs_p50_s"] is None
    assert (found["feed_over_ecs"], found["push_over_ecs"]) == (None, None)
    assert found["feed_over_batch"] == 0.2


def test_figures_without_a_value_are_json() -> None:
    shown = table([missing(Kind.FLOOR)], [Kind.FLOOR], "")
    found = Result(figures([missing(Kind.FLOOR)]), shown).as_json("lag")
    assert json.loads(found)["figures"]["floor_p50_s"] is None


def test_nothing_measured_is_no_percentile() -> None:
    assert percentile([], 50) is None


@given(st.lists(st.floats(0, 100), min_size=1), st.integers(0, 50), st.sampled_from([50, 95]))
def test_a_missing_run_counts_as_slower_than_any(
    lags: list[float], lost: int, percent: float
) -> None:
    runs = [measured(Kind.FLOOR, lag) for lag in lags]
    found = percentile([*runs, *(missing(Kind.FLOOR) for _ in range(lost))], percent)
    enough = percent / 100 * (len(runs) + lost)
    if found is None:
        assert len(runs) < enough
    else:
        assert sum(run.lag <= found for run in runs) >= enough
        assert found >= (percentile(runs, percent) or 0.0)


def test_settling_is_of_the_runs_that_have_one() -> None:
    runs = [measured(Kind.FEED_ECS, 2.0, settled(0.5)), measured(Kind.FLOOR, 1.0)]
    assert settling(runs) == [pytest.approx(0.5)]
    assert figures(runs)["settling_p50_s"] == pytest.approx(0.5)


def test_a_typical_time_is_the_median_of_those_that_are_known() -> None:
    runs: Measured = [*with_lags(Kind.FLOOR, (1.0, 2.0, 9.0)), missing(Kind.FLOOR)]
    assert typical(runs, lambda each: (each.stopped, each.ended)) == 2.0
    assert typical(runs, lambda each: (None, each.ended)) is None


def test_moments_are_in_their_order() -> None:
    shown = list(moments(measured(Kind.FEED_ECS, 9.0, settled(0.5))).values())
    known = [each for each in shown if each is not None]
    assert shown == sorted(known)


def test_a_stage_begins_at_the_last_moment_that_is_known() -> None:
    ours = measured(Kind.FEED_ECS, 9.0, settled(0.5))
    assert step("resumed", ours) == (1003.5, 1008.5)
    assert step("resumed", measured(Kind.FLOOR, 9.0)) == (1000.0, 1008.5)
    assert step("notified", measured(Kind.FLOOR, 9.0)) == (1000.0, None)


def test_the_table_has_a_row_for_each_kind_and_counts_what_is_missing() -> None:
    shown = table([*ALL, missing(Kind.FLOOR)], tuple(Kind), "")
    printed = StringIO()
    Console(width=200, file=printed).print(shown)
    (floor,) = [line for line in printed.getvalue().splitlines() if "floor" in line]
    cells = [cell.strip() for cell in floor.strip("│ ").split("│")]
    assert cells[:5] == ["floor", "4", "1", "0.50", ""]
    assert len(shown.rows) == len(Kind)


def test_figures_are_of_the_kinds_that_were_run() -> None:
    found = figures([each for each in ALL if each.run.kind.short])
    assert found["p50_s"].keys() == {str(kind) for kind in Kind if kind.short}
    assert "ours_feed_p50_s" not in found
    assert "feed_over_ecs" not in found


def test_stock_times_are_of_those_that_ended() -> None:
    found = figures([*ALL, *(missing(Kind.SHORT_STOCK_ECS) for _ in range(9))])
    assert found["short_stock_ecs_p50_s"] == 25.0
    assert (found["short_stock_runs"], found["short_stock_missing"]) == (15, 9)


def test_a_missing_run_of_ours_counts_as_the_slowest() -> None:
    found = figures([*ALL, *(missing(Kind.SHORT_FEED_ECS) for _ in range(3))])
    assert found["short_missing"] == 3
    assert (found["short_ours_p50_s"], found["short_ours_p95_s"]) == (22.5, None)


def test_a_task_that_was_never_deferred_has_no_resume() -> None:
    task = TaskEnd(state="success", started=980.0, resumed=979.0, queued=979.5, ended=1001.0)
    short = replace(measured(Kind.SHORT_FEED_ECS, 1.0), task=task)
    assert step("resumed", short) == (1000.0, None)
    assert step("ended", short) == (1000.0, 1001.0)
