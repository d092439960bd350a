"""Each waiting run is looked up once a minute, in as few calls as that takes."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_provider_jetbridge.triggers.rounds import Rounds


def seconds_of(rounds: Rounds, seconds: int, interval: float = 1.0) -> list[list[str]]:
    passes = []
    for tick in range(int(seconds / interval)):
        due = rounds.due(tick * interval, (), interval)
        rounds.looked_up(due, tick * interval, ())
        passes.append(due)
    return passes


def test_a_new_run_is_looked_up_at_once_and_then_once_a_minute() -> None:
    rounds = Rounds()
    rounds.add("run")
    passes = seconds_of(rounds, 181)
    assert [tick for tick, due in enumerate(passes) if due] == [0, 60, 120, 180]


def test_a_thousand_waiting_runs_cost_ten_calls_a_minute() -> None:
    rounds = Rounds()
    for number in range(1000):
        rounds.add(f"run-{number}")
    passes = seconds_of(rounds, 600)
    calls = sum(-(-len(due) // 100) for due in passes)
    assert calls == 10 * 10


def test_runs_that_came_one_by_one_come_to_share_their_calls() -> None:
    rounds = Rounds()
    calls = 0
    for tick in range(600):
        if tick < 50:
            rounds.add(f"run-{tick}")
        due = rounds.due(tick, (), 1)
        rounds.looked_up(due, tick, ())
        calls += bool(due) * (tick >= 120)
    assert calls <= 16


def test_an_ended_run_that_nobody_waits_for_is_passed_over() -> None:
    rounds = Rounds()
    rounds.add("mine")
    rounds.looked_up(["mine"], 0, ())
    assert rounds.due(1, ["mine", "theirs"], 1) == ["mine"]


def test_what_was_left_unread_comes_first() -> None:
    rounds = Rounds()
    for run in "abc":
        rounds.add(run)
    rounds.looked_up(["a", "b", "c"], 0, ["c", "gone"])
    rounds.add("d")
    assert rounds.due(1, (), 1) == ["c", "d"]
    assert rounds.everything() == ["c", "d", "a", "b"]


@settings(deadline=None)  # a busy machine fails no property
@given(st.data())
def test_no_run_waits_longer_than_its_round(data: Any) -> None:
    """Whatever comes, goes, ends and is left out, at any regular interval."""
    interval = data.draw(st.sampled_from([0.5, 1.0, 5.0]))
    rounds = Rounds()
    waiting: dict[str, float] = {}
    runs = st.sampled_from([f"run-{number}" for number in range(230)])
    for tick in range(data.draw(st.integers(1, 150))):
        now = tick * interval
        for run in data.draw(st.lists(runs, max_size=4)):
            waiting.setdefault(run, now)
            rounds.add(run)
        for run in data.draw(st.lists(runs, max_size=2)):
            waiting.pop(run, None)
            rounds.discard(run)
        due = rounds.due(now, data.draw(st.lists(runs, max_size=3)), interval)
        assert len(set(due)) == len(due)
        assert set(due) <= set(waiting)
        left = [run for run in due if data.draw(st.integers(0, 9)) == 0] if len(due) < 5 else []
        rounds.looked_up(due, now, left)
        for run in set(due) - set(left):
            waiting[run] = now
        for run in left:
            assert rounds.due(now, (), interval).index(run) < len(left)
        assert all(now - at <= 60 or run in left for run, at in waiting.items())
