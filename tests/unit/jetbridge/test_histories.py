"""Whatever order events come in, and however often: one end, handed over, one outcome.

A push plays 354 histories, a night 10,000 and as many more as ``JETBRIDGE_HISTORIES`` says.
"""

import os
from random import Random
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from jetbridge_testing.clock import Clock
from jetbridge_testing.histories import ENDS, History, essence, life_of
from jetbridge_testing.memory import MemoryOutcomes, MemoryQueue, MemoryRuns
from jetbridge_testing.outcomes import ReadDynamoOutcomes
from jetbridge_testing.samples import DEFINITIONS, REGION, STACK_KEY, change, event, new_run
from jetbridge_testing.stand_ins import as_client
from jetbridge_testing.steps import Crash
from jetbridge_testing.tables import create_table

from jetbridge.contract import Outcome
from jetbridge.launching.endings import Endings
from jetbridge.launching.hand_over import HandOver
from jetbridge.outcomes.dynamodb import DynamoOutcomes
from jetbridge.outcomes.port import LaunchedRecords
from jetbridge.progress.launched import LaunchedWriter, launched_record
from jetbridge.runs.dynamodb import DynamoRuns
from jetbridge.runs.port import Runs
from jetbridge.runs.run import Run, Status
from jetbridge.tracking.track import Track

IN_MEMORY = 9_800 + int(os.environ.get("JETBRIDGE_HISTORIES", "0"))
ON_DYNAMODB = 200
CHUNK = 350
DYNAMODB_CHUNK = 4
_PLAYED = [Phase.explicit, Phase.reuse, Phase.generate]


@st.composite
def lives(draw: st.DrawFn) -> list[list[str]]:
    """Up to three launches; one that doesn't die of the platform is the last anyway."""
    kind = draw(st.sampled_from(["ecs", "batch"]))
    ends = st.sampled_from([name for name in ENDS if name.startswith(kind)])
    return [life_of(end) for end in draw(st.lists(ends, min_size=1, max_size=3))]


@st.composite
def plays(draw: st.DrawFn) -> dict[str, Any]:
    """A history, when functions die, and the seed of its order, losses and repetitions."""
    return {
        "lives": draw(lives()),
        "crashes": draw(st.lists(st.integers(0, 80), max_size=5)),
        "seed": draw(st.integers(0, 2**32)),
    }


def _check(play: dict[str, Any], **ports: Any) -> None:
    random = Random(play["seed"])
    loss, repeats = random.choice([0.0, 0.3, 0.9, 1.0]), random.choice([0.0, 0.5])
    history = History(play["lives"], play["crashes"], **ports)
    _check_same(history, history.play(random, loss, repeats), play["lives"])


def _check_same(history: History, outcome: Outcome, lives: list[list[str]]) -> None:
    straight = History(lives)
    expected = straight.play(Random(0))
    assert essence(history.row) == essence(straight.row)
    assert history.row.finished
    _check_one_outcome(history)
    ours, theirs = (
        (o.state, o.cause, o.reason, o.exit_codes, o.launches) for o in (outcome, expected)
    )
    assert ours == theirs
    assert _stopped(history) == []


def _check_one_outcome(history: History) -> None:
    outcome = history.outcomes.get(history.run.run_id)
    assert outcome is not None
    assert history.outcomes.standing(history.run.run_id) == outcome
    assert history.bus.announced
    assert all(announced == outcome for announced in history.bus.announced)
    copied = {message["run_id"] for message in history.copies.messages}
    assert copied == {history.run.run_id}
    assert list(history.core.runs.due(1e12)) == []


def _stopped(history: History) -> list[str]:
    """Containers that Jetbridge wanted stopped: none, for no history here has an orphan, but
    those of launches whose own end was reported long before their start was."""
    ended = {death.backend_id for death in history.row.deaths}
    queued = [message["orphan"]["backend_id"] for message in history.core.stops.messages]
    return [container for container in queued if container not in ended]


def chunks(histories: int, size: int) -> list[Any]:
    """The number of each chunk's first history; a push plays the first chunk."""
    first, *more = range(0, histories, size)
    return [first, *(pytest.param(each, marks=pytest.mark.nightly) for each in more)]


@pytest.mark.parametrize("first", chunks(IN_MEMORY, CHUNK))
def test_any_order_ends_the_same(first: int) -> None:
    @given(plays())
    @settings(max_examples=min(CHUNK, IN_MEMORY - first), phases=_PLAYED, database=None)
    def check(play: dict[str, Any]) -> None:
        _check(play)

    check()


@pytest.mark.parametrize("first", chunks(ON_DYNAMODB, DYNAMODB_CHUNK))
def test_any_order_ends_the_same_on_dynamodb(first: int, dynamodb: Any) -> None:
    runs = DynamoRuns(dynamodb, create_table(dynamodb, "RunsTable"), 900, clock=Clock())
    outcomes = ReadDynamoOutcomes(dynamodb, create_table(dynamodb, "OutcomesTable"))

    @given(plays())
    @settings(max_examples=DYNAMODB_CHUNK, phases=_PLAYED, database=None)
    def check(play: dict[str, Any]) -> None:
        for table in ("RunsTable", "OutcomesTable"):
            for name in ("airflow_ecs", "airflow_batch"):
                key = {"run_id": {"S": new_run(name).run_id}}
                dynamodb.delete_item(TableName=table, Key=key)
        _check(play, runs=runs, outcomes=outcomes)

    check()


@pytest.mark.parametrize("end", ENDS)
def test_each_recorded_end_is_an_end(end: str) -> None:
    """In order; reversed and doubled; with nothing but the sweeper."""
    straight = History([life_of(end)])
    straight.play(Random(0))
    assert straight.row.status is Status.ENDED
    assert straight.sweeps == 0
    for loss, repeats in ((0.0, 1.0), (1.0, 0.0)):
        history = History([life_of(end)])
        _check_same(history, history.play(Random(1), loss, repeats), [life_of(end)])


@pytest.mark.parametrize(
    "end", ["ecs_stopped_exit_0", "batch_succeeded", "ecs_cannot_pull_container"]
)
def test_all_events_dropped_takes_one_sweep(end: str) -> None:
    history = History([life_of(end)])
    history.play(Random(0), loss=1.0)
    assert history.sweeps == 1


class CrashingQueue(MemoryQueue):
    """Dies before it took its first message."""

    def __init__(self) -> None:
        super().__init__()
        self._dead = False

    def send(self, message: dict[str, Any], delay_seconds: int = 0, group: str = "") -> None:
        if not self._dead:
            self._dead = True
            raise Crash
        super().send(message, delay_seconds, group)


def _being_launched(runs: Runs, name: str) -> Run:
    run = new_run(f"airflow_{name.split('_')[0]}")
    assert runs.create(run)
    assert runs.begin_launch(run, 1.5, DEFINITIONS[run.backend])
    return run


def _track(runs: Runs, finishes: MemoryQueue, records: LaunchedRecords | None = None) -> Track:
    endings = Endings(runs, HandOver(finishes), MemoryQueue(), Clock())
    tell = LaunchedWriter(records or MemoryOutcomes(), REGION)
    return Track(runs, endings, MemoryQueue(), tell, STACK_KEY)


def test_crash_between_commit_and_hand_over_is_made_good_by_redelivery() -> None:
    runs = MemoryRuns(900, Clock())
    run = _being_launched(runs, "ecs_stopped_exit_0")
    finishes = CrashingQueue()
    track = _track(runs, finishes)
    with pytest.raises(Crash):
        track(event("ecs_stopped_exit_0"))
    ended = runs.get(run.run_id)
    assert ended is not None
    assert ended.ending is not None
    track(event("ecs_stopped_exit_0"))
    assert finishes.messages == [{"run_id": run.run_id}]


def test_an_end_that_comes_again_is_handed_over_until_the_run_is_finished() -> None:
    runs, finishes = MemoryRuns(900, Clock()), MemoryQueue()
    run = _being_launched(runs, "ecs_stopped_exit_0")
    track = _track(runs, finishes)
    for _ in range(2):
        track(event("ecs_stopped_exit_0"))
    assert finishes.messages == [{"run_id": run.run_id}] * 2
    runs.mark_finished(run.run_id)
    track(event("ecs_stopped_exit_0"))
    assert finishes.messages == [{"run_id": run.run_id}] * 2


def test_events_without_a_run_hand_nothing_over() -> None:
    runs = MemoryRuns(900, Clock())
    finishes = MemoryQueue()
    track = _track(runs, finishes)
    assert track(event("ecs_stopped_exit_0")) is not None
    assert track(event("batch_array_child_failed")) is None
    assert finishes.messages == []


@pytest.mark.parametrize(
    "end", ["batch_failed_two_attempts", "batch_succeeded", "ecs_stopped_exit_0"]
)
@given(data=st.data())
@settings(max_examples=60)
def test_before_its_end_a_run_stands_where_its_newest_event_says(
    end: str, data: st.DataObject
) -> None:
    steps = life_of(end)[:-1]
    seen = data.draw(st.lists(st.sampled_from(steps), min_size=1, max_size=10))
    runs, finishes, outcomes = MemoryRuns(900, Clock()), MemoryQueue(), MemoryOutcomes()
    run = _being_launched(runs, end)
    track = _track(runs, finishes, outcomes)
    for name in seen:
        track(event(name))
    row = runs.get(run.run_id)
    assert row is not None
    known = change(seen[0])
    assert (row.status, row.backend_id) == (Status.LAUNCHED, known.backend_id)
    assert row.change_order == known.order, "only the first is written"
    running = [each for each in map(change, seen) if each.running and each.order >= known.order]
    told = outcomes.standing(run.run_id)
    if running:
        newest = max(running, key=lambda each: each.order)
        assert told == launched_record(row, REGION, newest)
    else:
        assert told is None
    assert finishes.messages == []


class Calls:
    """Names the calls of a client's operations."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.exceptions = client.exceptions
        self.names: list[str] = []

    def __getattr__(self, name: str) -> Any:
        def call(**parameters: Any) -> Any:
            self.names.append(name)
            return getattr(self.client, name)(**parameters)

        return call


def test_an_event_costs_one_conditional_write(dynamodb: Any) -> None:
    """Of DynamoDB's own calls: the first event is written into the row, and others of a container
    that goes on only read it; one more write says that it runs. An end reads the row first where
    that may be launched again."""
    client = Calls(dynamodb)
    runs = DynamoRuns(as_client(client), create_table(dynamodb, "RunsTable"), 900, clock=Clock())
    outcomes = DynamoOutcomes(as_client(client), create_table(dynamodb, "OutcomesTable"))
    track = _track(runs, MemoryQueue(), outcomes)
    _being_launched(runs, "ecs_running")
    costs = []
    for name in ("ecs_running", "ecs_running", "ecs_stopped_exit_0", "ecs_stopped_exit_0"):
        client.names.clear()
        track(event(name))
        costs.append(list(client.names))
    first, again = ["get_item", "update_item", "update_item"], ["get_item", "update_item"]
    assert costs == [first, again, ["update_item"], ["update_item"]]
    client.names.clear()
    track(event("ecs_spot_interruption"))
    assert client.names == ["get_item"]
    client.names.clear()
    track(event("ecs_running"))
    track(event("batch_running"))
    assert client.names == ["get_item", "update_item"] * 2
