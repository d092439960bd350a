"""When which runs are started, and how long they last."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.lag.plan import Durations, Kind, PlannedRun, plan

KINDS = tuple(Kind)


def a_plan(rounds: int = 50, seed: int = 7) -> list[PlannedRun]:
    short = Durations(least=1.0, spread=2.0)
    return plan(KINDS, rounds, every=1.5, durations=Durations(), short=short, seed=seed)


@given(st.integers(1, 60), st.integers())
def test_each_round_has_one_of_each_kind(rounds: int, seed: int) -> None:
    runs = a_plan(rounds, seed)
    for first in range(0, len(runs), len(KINDS)):
        assert Counter(run.kind for run in runs[first : first + len(KINDS)]) == Counter(KINDS)


@given(st.integers())
def test_each_start_is_within_its_own_turn(seed: int) -> None:
    for turn, run in enumerate(a_plan(10, seed)):
        assert turn * 1.5 <= run.after <= (turn + 1) * 1.5


@given(st.integers())
def test_jobs_last_for_20_to_50_seconds_and_short_ones_for_1_to_3(seed: int) -> None:
    for run in a_plan(10, seed):
        assert (1 <= run.seconds <= 3) if run.kind.short else (20 <= run.seconds <= 50)


def test_orders_and_durations_have_no_pattern() -> None:
    runs = a_plan()
    rounds = [tuple(run.kind for run in runs[n : n + len(KINDS)]) for n in range(0, 50, len(KINDS))]
    assert len(set(rounds)) == len(rounds)
    assert len({run.seconds for run in runs}) > 0.9 * len(runs)


def test_a_seed_is_a_plan() -> None:
    assert a_plan(seed=7) == a_plan(seed=7)
    assert a_plan(seed=7) != a_plan(seed=8)


def test_every_run_has_a_name_of_its_own() -> None:
    runs = a_plan()
    assert len({run.name for run in runs}) == len(runs)


@pytest.mark.parametrize(
    ("kind", "backend", "ours"),
    [
        (Kind.FEED_ECS, "ecs", True),
        (Kind.PUSH_BATCH, "batch", True),
        (Kind.STOCK_BATCH, "batch", False),
        (Kind.SHORT_FEED_BATCH, "batch", True),
        (Kind.SHORT_STOCK_ECS, "ecs", False),
        (Kind.FLOOR, None, False),
    ],
)
def test_what_a_kind_is_run_on_and_by(kind: Kind, backend: str | None, ours: bool) -> None:
    assert (kind.backend, kind.ours) == (backend, ours)
