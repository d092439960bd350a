"""Whatever order events come in, and however often: one end, handed over, one outcome."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jetbridge_testing.clock import Clock
from jetbridge_testing.memory import MemoryBus, MemoryOutcomes, MemoryQueue, MemoryRuns
from jetbridge_testing.samples import DEFINITIONS, REGION, STACK_KEY, change, event, new_run
from jetbridge_testing.steps import Crash
from jetbridge_testing.tables import fresh_table

from jetbridge.contract import Outcome
from jetbridge.domain.names import LaunchName
from jetbridge.domain.run import Run
from jetbridge.runs.dynamodb import DynamoRuns
from jetbridge.runs.port import Runs
from jetbridge.services.endings import Endings
from jetbridge.services.finish import Finish
from jetbridge.services.hand_over import HandOver
from jetbridge.services.track import Track

HISTORIES = {
    "ecs success": ["ecs_running", "ecs_stopped_exit_0"],
    "ecs failure": ["ecs_running", "ecs_stopped_exit_3"],
    "ecs never ran": ["ecs_cannot_pull_container"],
    "ecs by hand": ["ecs_running", "ecs_stopped_by_user"],
    "batch success": ["batch_runnable", "batch_running", "batch_succeeded"],
    "batch two attempts": [
        "batch_runnable",
        "batch_running",
        "batch_runnable_second_attempt",
        "batch_running_second_attempt",
        "batch_failed_two_attempts",
    ],
    "batch terminated": ["batch_runnable", "batch_terminated"],
    "batch array": ["batch_runnable", "batch_array_child_failed", "batch_array_parent_failed"],
}
ANSWER = "launch_run's own answer"


class CrashingQueue(MemoryQueue):
    """Dies before or after it took some of its messages."""

    def __init__(self, crashes: list[str]) -> None:
        super().__init__()
        self._crashes = crashes

    def send(self, message: dict[str, Any], delay_seconds: int = 0, group: str = "") -> None:
        crash = self._crashes.pop() if self._crashes else ""
        if crash == "before":
            raise Crash
        super().send(message, delay_seconds, group)
        if crash == "after":
            raise Crash


class NoLogs:
    def tail(self, stream: object, limit: int) -> None:
        return None

    def lines(self, stream: object, settle_seconds: float) -> list[Any]:
        return []


def _being_launched(runs: Runs, name: str) -> Run:
    run = new_run(f"airflow_{name.split()[0]}")
    assert runs.create(run)
    assert runs.begin_launch(run, 1.5)
    runs.pin(run.run_id, 1, DEFINITIONS[run.backend])
    return run


def _deliver(runs: Runs, track: Track, run: Run, step: str) -> None:
    """Deliver an event as SQS does: again, until it has been acknowledged."""
    if step == ANSWER:
        backend = "ecs_running" if run.backend == "ecs" else "batch_running"
        runs.launched(run.run_id, 1, change(backend).backend_id)
        return
    while True:
        try:
            track(event(step))
            return
        except Crash:
            continue


def _play(runs: Runs, name: str, steps: list[str], crashes: list[str]) -> tuple[Run, MemoryQueue]:
    run = _being_launched(runs, name)
    finishes = CrashingQueue(list(crashes))
    track = Track(runs, Endings(runs, HandOver(runs, finishes), MemoryQueue(), Clock()), STACK_KEY)
    for step in steps:
        _deliver(runs, track, run, step)
    row = runs.get(run.run_id)
    assert row is not None
    return row, finishes


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[str, list[str], list[str]]:
    """A history with repetitions in any order, all but its last event perhaps lost, and where
    its deliveries crash."""
    name = draw(st.sampled_from(sorted(HISTORIES)))
    *earlier, last = HISTORIES[name]
    steps = [step for step in [*earlier, ANSWER] if draw(st.booleans())] + [last]
    repeated = draw(st.lists(st.sampled_from(steps), max_size=5))
    order = draw(st.permutations(steps + repeated))
    crashes = draw(st.lists(st.sampled_from(["", "before", "after"]), max_size=4))
    return name, list(order), crashes


@given(deliveries())
@settings(max_examples=400)
def test_any_order_ends_the_same_in_memory(delivery: tuple[str, list[str], list[str]]) -> None:
    _check(MemoryRuns(900, Clock()), MemoryRuns(900, Clock()), *delivery)


def _check(runs: Runs, reference: Runs, name: str, steps: list[str], crashes: list[str]) -> None:
    row, finishes = _play(runs, name, steps, crashes)
    straight, _ = _play(reference, name, [ANSWER, *HISTORIES[name]], [])
    assert row == straight
    assert row.ending is not None
    assert row.handed_over
    assert {message["run_id"] for message in finishes.messages} == {row.run_id}
    _check_one_outcome(runs, row, len(finishes.messages))


def _check_one_outcome(runs: Runs, row: Run, times: int) -> None:
    outcomes, bus, clock = MemoryOutcomes(), MemoryBus(), Clock(2e9)
    finish = Finish(runs, outcomes, NoLogs(), MemoryQueue(), bus, REGION, 5, clock)
    delivered: list[Outcome | None] = []
    for _ in range(times + 1):
        clock.advance(1)
        delivered.append(finish(row.run_id))
    assert len({id(outcome) for outcome in delivered}) == 1
    assert delivered[0] == outcomes.get(row.run_id)
    assert all(announced == delivered[0] for announced in bus.announced)


@pytest.mark.parametrize("name", HISTORIES)
def test_reversed_and_doubled_on_dynamodb(name: str, dynamo_runs: Runs) -> None:
    steps = [*reversed(HISTORIES[name]), ANSWER, *HISTORIES[name]]
    _check(dynamo_runs, MemoryRuns(900, Clock()), name, steps, ["after", "before"])


@given(deliveries())
@settings(max_examples=25)
def test_any_order_ends_the_same_on_dynamodb(
    dynamodb: Any, delivery: tuple[str, list[str], list[str]]
) -> None:
    runs = DynamoRuns(dynamodb, fresh_table(dynamodb, "RunsTable"), 900, clock=Clock())
    _check(runs, MemoryRuns(900, Clock()), *delivery)


def test_crash_between_commit_and_hand_over_is_made_good_by_redelivery() -> None:
    runs = MemoryRuns(900, Clock())
    run = _being_launched(runs, "ecs success")
    finishes = CrashingQueue(["before"])
    track = Track(runs, Endings(runs, HandOver(runs, finishes), MemoryQueue(), Clock()), STACK_KEY)
    with pytest.raises(Crash):
        track(event("ecs_stopped_exit_0"))
    ended = runs.get(run.run_id)
    assert ended is not None
    assert ended.ending is not None
    assert not ended.handed_over
    track(event("ecs_stopped_exit_0"))
    track(event("ecs_stopped_exit_0"))
    assert finishes.messages == [{"run_id": run.run_id}]


def test_events_of_no_run_hand_nothing_over() -> None:
    runs = MemoryRuns(900, Clock())
    finishes = MemoryQueue()
    track = Track(runs, Endings(runs, HandOver(runs, finishes), MemoryQueue(), Clock()), STACK_KEY)
    assert track(event("ecs_stopped_exit_0")) is not None
    assert track(event("batch_array_child_failed")) is None
    assert finishes.messages == []


@pytest.mark.parametrize("name", ["batch two attempts", "batch success", "ecs success"])
@given(data=st.data())
@settings(max_examples=60)
def test_before_its_end_a_run_stands_where_its_newest_event_says(
    name: str, data: st.DataObject
) -> None:
    steps = HISTORIES[name][:-1]
    seen = data.draw(st.lists(st.sampled_from(steps), min_size=1, max_size=10))
    row, finishes = _play(MemoryRuns(900, Clock()), name, seen, [])
    newest = change(max(seen, key=steps.index))
    assert (row.backend_status, row.change_order) == (newest.status, newest.order)
    assert finishes.messages == []


FIRST = ["ecs_running", "ecs_spot_interruption"]
SECOND = ["ecs_running", "ecs_stopped_exit_0"]


def _relaunched(runs: Runs) -> tuple[Run, Track, MemoryQueue]:
    """A run whose first launch died of Spot and whose second one was launched."""
    run = _being_launched(runs, "ecs relaunched")
    finishes = MemoryQueue()
    endings = Endings(runs, HandOver(runs, finishes), MemoryQueue(), Clock())
    track = Track(runs, endings, STACK_KEY)
    track(_event_of("ecs_spot_interruption", 1, run))
    row = runs.get(run.run_id)
    assert row is not None
    assert row.launch == 2
    assert runs.begin_launch(row, 9.5)
    return run, track, finishes


def _event_of(name: str, launch: int, run: Run) -> dict[str, Any]:
    reported = event(name)
    detail = reported["detail"]
    detail["startedBy"] = str(LaunchName(STACK_KEY, run.run_id, launch))
    detail["taskArn"] = f"{detail['taskArn']}-{launch}"
    return reported


def _check_relaunched(runs: Runs, order: list[tuple[str, int]]) -> None:
    run, track, finishes = _relaunched(runs)
    for name, launch in order:
        track(_event_of(name, launch, run))
    row = runs.get(run.run_id)
    assert row is not None
    assert row.ending == change("ecs_stopped_exit_0").ending
    assert (row.launch, [death.launch for death in row.deaths]) == (2, [1])
    assert row.backend_id is not None
    assert row.backend_id.endswith("-2")
    assert finishes.messages == [{"run_id": run.run_id}]


_EVENTS = [(name, 1) for name in FIRST] + [(name, 2) for name in SECOND]


@st.composite
def relaunches(draw: st.DrawFn) -> list[tuple[str, int]]:
    kept = [item for item in _EVENTS[:-1] if draw(st.booleans())] + [_EVENTS[-1]]
    repeated = draw(st.lists(st.sampled_from(kept), max_size=5))
    return list(draw(st.permutations(kept + repeated)))


@given(relaunches())
@settings(max_examples=200)
def test_events_of_both_launches_in_any_order(order: list[tuple[str, int]]) -> None:
    _check_relaunched(MemoryRuns(900, Clock()), order)


@given(order=relaunches())
@settings(max_examples=15)
def test_events_of_both_launches_in_any_order_on_dynamodb(
    dynamodb: Any, order: list[tuple[str, int]]
) -> None:
    table = fresh_table(dynamodb, "RunsTable")
    _check_relaunched(DynamoRuns(dynamodb, table, 900, clock=Clock()), order)
