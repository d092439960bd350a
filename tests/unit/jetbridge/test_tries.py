"""Tries of one Airflow task: ``previous`` says whether a later one stops or takes over a run."""

from typing import Any

import pytest
from jetbridge_testing.clock import Clock
from jetbridge_testing.core import Core
from jetbridge_testing.memory import MemoryRuns, MemoryTries
from jetbridge_testing.samples import DEFINITIONS, change, new_run
from jetbridge_testing.steps import Crash, Steps, crash
from msgspec.structs import replace

from jetbridge.contract import (
    AirflowCaller,
    LogTarget,
    S3LogTarget,
    StartRequest,
    StopCause,
    StopRequest,
    decode,
)
from jetbridge.launching.dynamodb import DynamoTries
from jetbridge.launching.tries import is_later
from jetbridge.runs.dynamodb import DynamoRuns
from jetbridge.runs.port import Runs, Tries
from jetbridge.runs.run import Attachment, Run, Status, Stop

FIRST = "0199a1b2-0000-7000-8000-000000000001"
LATER = "0199a1b2-0001-7000-8000-000000000001"
KEY = "airflow/dag/run/task/-1"
STOP = Stop(cause=StopCause.STOPPED_BY_USER, reason="cleared")


def _prefix(target: LogTarget) -> str:
    assert isinstance(target, S3LogTarget)
    return target.key_prefix


def _caller(number: int, ti_id: str, max_tries: int | None = 2) -> AirflowCaller:
    known = new_run().request.caller
    assert isinstance(known, AirflowCaller)
    return replace(known, try_number=number, ti_id=ti_id, max_tries=max_tries)


def _asks(number: int = 2, ti_id: str = LATER, **fields: Any) -> StartRequest:
    caller = _caller(number, ti_id, fields.pop("max_tries", 2))
    target = S3LogTarget(bucket="airflow-logs", key_prefix=f"airflow/attempt={number}.log")
    return replace(new_run().request, caller=caller, log_target=target, **fields)


class Scene(Core):
    """The first try's run, launched."""

    def __init__(self, steps: Steps | None = None, **fields: Any) -> None:
        super().__init__(steps.watch if steps else lambda port: port)
        self.first = self.start(_asks(1, FIRST, **fields)).run_id
        self.launch(self.first, 1)
        self.launches.messages.clear()

    def ends(self, name: str) -> None:
        ending = change(name).ending
        assert ending is not None
        row = self.memory.get(self.first)
        assert row is not None
        self.runs.end(self.first, row.launch, ending)

    def row(self, run_id: str) -> Run:
        row = self.memory.get(run_id)
        assert row is not None
        return row

    def stop_requests(self) -> list[StopRequest]:
        return [decode(StopRequest, message) for message in self.stops.messages]


def test_later_try_supersedes_the_earlier_run() -> None:
    scene = Scene()
    answer = scene.start(_asks(previous="stop"))
    assert (answer.attached, answer.duplicate) == (False, False)
    assert answer.run_id != scene.first
    [stop] = scene.stop_requests()
    assert stop.run_ids == [scene.first]
    assert (stop.by, stop.cause) == ("Jetbridge, for a later try", StopCause.STOPPED_BY_USER)
    assert "try 2" in stop.reason
    [message] = scene.launches.messages
    assert (message["run_id"], message["launch"]) == (answer.run_id, 1)


@pytest.mark.parametrize("previous", ["stop", "attach"])
def test_try_after_a_failed_run_starts_a_new_run(previous: str) -> None:
    scene = Scene()
    scene.ends("ecs_stopped_exit_3")
    answer = scene.start(_asks(previous=previous))
    assert not answer.attached
    assert answer.run_id != scene.first
    assert scene.stops.messages == []
    assert scene.row(answer.run_id).supersedes is None


@pytest.mark.parametrize("max_tries", [2, None])
def test_a_retry_takes_over_a_run_in_progress(max_tries: int | None) -> None:
    scene = Scene(max_tries=max_tries)
    answer = scene.start(_asks(previous="attach", max_tries=max_tries))
    assert (answer.run_id, answer.attached, answer.duplicate) == (scene.first, True, False)
    row = scene.row(scene.first)
    assert row.caller == _caller(2, LATER, max_tries)
    assert [_prefix(target)[-13:] for target in row.log_targets] == [
        "attempt=1.log",
        "attempt=2.log",
    ]
    assert (scene.stops.messages, scene.launches.messages, scene.copies.messages) == ([], [], [])
    assert len(scene.ecs.launched) == 1


def test_a_retry_takes_over_a_success_that_was_not_reported_to_airflow() -> None:
    scene = Scene()
    scene.ends("ecs_stopped_exit_0")
    answer = scene.start(_asks(previous="attach"))
    assert (answer.run_id, answer.attached) == (scene.first, True)
    target = {"kind": "s3", "bucket": "airflow-logs", "key_prefix": "airflow/attempt=2.log"}
    assert scene.copies.messages == [{"run_id": scene.first, "target": target}]
    again = scene.start(_asks(previous="attach"))
    assert (again.run_id, again.attached, again.duplicate) == (scene.first, True, True)


@pytest.mark.parametrize("ended", [True, False])
def test_clear_starts_a_new_run(ended: bool) -> None:
    """Airflow raises max_tries when a task is cleared, and not for a retry."""
    scene = Scene()
    if ended:
        scene.ends("ecs_stopped_exit_0")
    answer = scene.start(_asks(previous="attach", max_tries=3))
    assert not answer.attached
    assert answer.run_id != scene.first
    assert len(scene.stops.messages) == (0 if ended else 1)


def test_success_is_not_taken_over_by_callers_that_do_not_say_max_tries() -> None:
    scene = Scene(max_tries=None)
    scene.ends("ecs_stopped_exit_0")
    assert not scene.start(_asks(previous="attach", max_tries=None)).attached


def test_run_that_is_to_stop_is_not_taken_over() -> None:
    scene = Scene()
    scene.runs.request_stop(scene.first, STOP)
    assert not scene.start(_asks(previous="attach")).attached


def test_a_repeated_request_of_a_try_that_took_over_gets_the_same_run_even_if_it_has_ended() -> (
    None
):
    scene = Scene()
    scene.start(_asks(previous="attach"))
    scene.ends("ecs_stopped_exit_3")
    again = scene.start(_asks(previous="attach"))
    assert (again.run_id, again.attached, again.duplicate) == (scene.first, True, True)
    third = scene.start(_asks(3, LATER.replace("0001-7", "0002-7"), previous="attach"))
    assert not third.attached
    late = scene.start(_asks(previous="attach"))
    assert (late.run_id, late.attached) == (scene.first, True)


def test_third_try_takes_over_from_the_second() -> None:
    scene = Scene()
    scene.start(_asks(previous="attach"))
    third = scene.start(_asks(3, LATER.replace("0001-7", "0002-7"), previous="attach"))
    assert third.run_id == scene.first
    assert len(scene.row(scene.first).log_targets) == 3


def test_late_request_of_an_earlier_try_leaves_the_later_ones_run_alone() -> None:
    scene = Scene()
    second = scene.start(_asks()).run_id
    scene.stops.messages.clear()
    late = scene.start(_asks(1, FIRST.replace("0000-7", "0000-7")[:-1] + "0"))
    assert late.run_id not in (scene.first, second)
    assert scene.stops.messages == []
    assert scene.tries_of(_asks()) == second


@pytest.mark.parametrize("previous", ["stop", "attach"])
@pytest.mark.parametrize("moment", range(12))
def test_crash_at_each_step_of_a_later_try(previous: str, moment: int) -> None:
    steps = Steps()
    scene = Scene(steps)
    steps.plan[len(steps.moments) + moment] = crash
    asked = _asks(previous=previous)
    try:
        scene.start(asked)
    except Crash:
        scene.start(asked)
    if previous == "attach":
        assert scene.row(scene.first).caller == asked.caller
        assert len(scene.row(scene.first).attachments) == 1
        return
    assert scene.stop_requests()[0].run_ids == [scene.first]
    second = scene.tries_of(asked)
    assert second is not None
    assert second in {message["run_id"] for message in scene.launches.messages}


def test_superseded_run_is_stopped_even_if_start_run_dies_after_the_row() -> None:
    """launch_run, which the sweeper wakes, asks for the stop before it launches."""
    steps = Steps()
    scene = Scene(steps)
    asked = _asks()
    after_create = len(steps.moments) + 5
    steps.plan[after_create] = crash
    with pytest.raises(Crash):
        scene.start(asked)
    assert steps.moments[after_create] == "after create"
    assert scene.stops.messages == []
    scene.clock.advance(900)
    scene.sweep()
    second = scene.tries_of(asked)
    assert second is not None
    scene.launch(second, 1)
    assert scene.stop_requests()[0].run_ids == [scene.first]
    assert len(scene.ecs.launched) == 2


def test_two_tries_at_once_leave_one_newest_run() -> None:
    steps = Steps()
    scene = Scene(steps)
    third = _asks(3, LATER.replace("0001-7", "0002-7"))
    # Between the second try's look at the newest run and its write.
    steps.plan[len(steps.moments) + 4] = lambda: (scene.start(third), None)[1]
    second = scene.start(_asks())
    newest = scene.tries_of(third)
    assert newest is not None
    assert scene.row(newest).caller == third.caller
    assert second.run_id != newest


@pytest.mark.parametrize(
    ("ours", "theirs", "later"),
    [
        ((2, LATER), (1, FIRST), True),
        ((1, FIRST), (2, LATER), False),
        ((1, LATER), (3, FIRST), True),
        ((2, FIRST), (1, FIRST), True),
        ((1, FIRST), (1, FIRST), False),
        ((2, "ti-2"), (1, "ti-1"), True),
        ((1, "ti-2"), (2, "ti-1"), False),
    ],
)
def test_order_of_tries(ours: tuple[int, str], theirs: tuple[int, str], later: bool) -> None:
    assert is_later(_caller(*ours), _caller(*theirs)) is later


@pytest.fixture(params=["memory", "dynamodb"])
def table(request: pytest.FixtureRequest, clock: Clock) -> tuple[Runs, Tries]:
    if request.param == "memory":
        rows = MemoryRuns(900, clock)
        return rows, MemoryTries(rows)
    made: DynamoRuns = request.getfixturevalue("dynamo_runs")
    client = request.getfixturevalue("dynamodb")
    return made, DynamoTries(client, "RunsTable", 900, clock=clock)


def test_row_and_pointer_are_written_together(table: tuple[Runs, Tries]) -> None:
    runs, tries = table
    first, second = new_run(run_id="first"), new_run(run_id="second", supersedes="first")
    assert tries.newest(KEY) is None
    assert tries.create(first, KEY, None)
    assert tries.newest(KEY) == "first"
    assert not tries.create(first, KEY, "first")
    assert not tries.create(second, KEY, None)
    assert not tries.create(second, KEY, "other")
    assert runs.get("second") is None
    assert tries.create(second, KEY, "first")
    assert (tries.newest(KEY), runs.get("second")) == ("second", second)
    assert tries.newest("airflow/dag/run/other/-1") is None
    due = list(runs.due(1e12))
    assert {run.run_id for run in due} == {"first", "second"}


def _attachable(runs: Runs) -> Run:
    run = new_run(run_id="first", definition=DEFINITIONS["ecs"])
    runs.create(run)
    row = runs.get("first")
    assert row is not None
    return row


def test_attach(table: tuple[Runs, Tries]) -> None:
    runs, tries = table
    row = _attachable(runs)
    second, third = (Attachment(caller=_caller(n, LATER), log_target=None) for n in (2, 3))
    assert tries.attach(new_run(run_id="second"), row, second)
    after = runs.get("first")
    assert after == replace(row, attachments=[second])
    alias = runs.get("second")
    assert alias is not None
    assert (alias.attached_to, alias.status, alias.finished) == ("first", Status.ENDED, True)
    assert not tries.attach(new_run(run_id="second"), after, third)
    assert not tries.attach(new_run(run_id="third"), row, third)
    assert runs.get("third") is None
    assert tries.attach(new_run(run_id="third"), after, third)
    assert {run.run_id for run in runs.due(1e12)} == {"first"}


@pytest.mark.parametrize("what", ["stopped", "ended"])
def test_no_attach_to_what_was_stopped_or_ended_meanwhile(
    table: tuple[Runs, Tries], what: str
) -> None:
    runs, tries = table
    row = _attachable(runs)
    if what == "stopped":
        runs.request_stop("first", STOP)
    else:
        ending = change("ecs_stopped_exit_3").ending
        assert ending is not None
        runs.end("first", 1, ending)
    attachment = Attachment(caller=_caller(2, LATER), log_target=None)
    before = runs.get("first")
    assert not tries.attach(new_run(run_id="second"), row, attachment)
    assert (runs.get("first"), runs.get("second")) == (before, None)
