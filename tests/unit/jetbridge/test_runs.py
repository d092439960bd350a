"""The runs table: the same behaviour in memory and on DynamoDB's conditional writes."""

import threading
from collections.abc import Callable
from itertools import islice
from typing import Any

import pytest
from jetbridge_testing.clock import Clock
from jetbridge_testing.samples import DEFINITIONS, change, launched_run, new_run, watcher
from jetbridge_testing.serial import SerialDynamoDb
from jetbridge_testing.stand_ins import as_client
from jetbridge_testing.tables import create_table
from msgspec.structs import replace

from jetbridge.contract import Cause, Death, StopCause
from jetbridge.runs.dynamodb import DynamoRuns
from jetbridge.runs.port import Runs, Written
from jetbridge.runs.reports import Ending
from jetbridge.runs.run import (
    Attachment,
    Definition,
    Relaunch,
    Run,
    Status,
    Stop,
)

# A tenth after the 900 s: until then every run is looked at.
LATEST_LOOK = 990
STOP = Stop(cause=StopCause.STOPPED_BY_USER, reason="cleared")
LOST = Ending(code="Lost", reason="unknown to AWS")
SPOT = change("ecs_spot_interruption")
DEATH = Death(
    launch=1, cause=Cause.SPOT_INTERRUPTION, reason="Spot", backend_id="arn", at=1_772_323_300.5
)
RELAUNCH = Relaunch(launch=2, not_before=1_772_323_305.5, deaths=[DEATH])


def _launched(runs: Runs, name: str = "airflow_ecs", **fields: Any) -> Run:
    run = new_run(name, **fields)
    assert runs.create(run)
    assert runs.begin_launch(run, 10.5, DEFINITIONS[run.backend])
    known = launched_run(name)
    launched = runs.launched(run.run_id, 1, known.backend_id or "")
    assert launched is not None
    return launched


def test_row_comes_back_as_it_was_written(runs: Runs) -> None:
    whole = launched_run(
        launched_at=10.25,
        backend_status="RUNNING",
        change_order=4,
        first_attempt_at=10.125,
        last_attempt_at=11.25,
        not_before=12.5,
        deaths=[DEATH],
        attachments=[Attachment(caller=new_run().request.caller, log_target=None)],
        watchers=[watcher(), watcher("other", airflow="production")],
        supersedes="earlier",
        attached_to="another",
        stop=STOP,
        ending=change("ecs_two_containers").ending,
        ended_at=13.5,
        finished=True,
    )
    unset = {name for name in whole.__struct_fields__ if getattr(whole, name) in (None, [])}
    assert not unset, "the test must give every field a value"
    assert runs.create(whole)
    assert runs.get(whole.run_id) == whole
    batch = new_run("airflow_batch")
    assert runs.create(batch)
    assert runs.get(batch.run_id) == batch


def test_unknown_run(runs: Runs) -> None:
    assert runs.get("unknown") is None
    assert runs.begin_launch(new_run(), 1.0, DEFINITIONS["ecs"]) is None
    assert runs.launched("unknown", 1, "arn") is None
    assert not runs.apply(change("ecs_running")).changed
    assert runs.end("unknown", 1, LOST) is None
    assert not runs.request_stop("unknown", STOP).changed
    assert runs.set_watchers(new_run(), [watcher()]) == Written(False, None)
    runs.mark_finished("unknown")
    runs.look_again("unknown", 1.0)
    assert runs.get("unknown") is None
    assert list(runs.due(1e12)) == []


def test_first_create_stays(runs: Runs) -> None:
    run = new_run()
    assert runs.create(run)
    assert not runs.create(replace(run, created_at=run.created_at + 1))
    assert runs.get(run.run_id) == run


def test_one_of_two_attempts_begins(runs: Runs) -> None:
    run = new_run()
    runs.create(run)
    begun = runs.begin_launch(run, 100.5, DEFINITIONS["ecs"])
    assert begun is not None
    assert (begun.status, begun.first_attempt_at, begun.last_attempt_at) == (
        Status.LAUNCHING,
        100.5,
        100.5,
    )
    assert runs.begin_launch(run, 100.75, DEFINITIONS["ecs"]) is None
    again = runs.begin_launch(begun, 200.125, DEFINITIONS["ecs"])
    assert again is not None
    assert (again.first_attempt_at, again.last_attempt_at) == (100.5, 200.125)
    assert runs.begin_launch(begun, 200.25, DEFINITIONS["ecs"]) is None


def test_a_launch_is_claimed_unread_if_nobody_has_begun_one(runs: Runs) -> None:
    run = new_run()
    runs.create(run)
    definition = DEFINITIONS["ecs"]
    assert runs.claim_first("unknown", 1, 1.0, definition) == Written(False, None)
    assert runs.claim_first(run.run_id, 2, 1.0, definition) == Written(False, run)
    claimed = runs.claim_first(run.run_id, 1, 100.5, definition)
    expected = replace(
        run,
        status=Status.LAUNCHING,
        first_attempt_at=100.5,
        last_attempt_at=100.5,
        definition=definition,
    )
    assert claimed == Written(True, expected)
    assert runs.claim_first(run.run_id, 1, 101.5, definition) == Written(False, expected)
    before = replace(expected, status=Status.ACCEPTED, first_attempt_at=None, last_attempt_at=None)
    assert runs.take_back(before, 100.5) == before
    # What an earlier attempt has fixed stays: the row is to be read.
    assert not runs.claim_first(run.run_id, 1, 102.5, Definition(arn="a:2")).changed


def test_no_launch_is_claimed_unread_after_a_stop_or_before_its_time(runs: Runs) -> None:
    stopped, waiting = new_run(), new_run("airflow_batch", not_before=2e9)
    for run in (stopped, waiting):
        runs.create(run)
    runs.request_stop(stopped.run_id, STOP)
    for run in (stopped, waiting):
        assert not runs.claim_first(run.run_id, 1, 1.0, DEFINITIONS["ecs"]).changed


def test_no_attempt_after_a_stop_a_launch_or_another_launch(runs: Runs) -> None:
    run = new_run()
    runs.create(run)
    assert runs.begin_launch(replace(run, launch=2), 1.0, DEFINITIONS["ecs"]) is None
    runs.request_stop(run.run_id, STOP)
    assert runs.begin_launch(run, 1.0, DEFINITIONS["ecs"]) is None
    other = _launched(runs, "airflow_batch")
    assert runs.begin_launch(other, 1.0, DEFINITIONS["ecs"]) is None
    ended = runs.end(other.run_id, 1, LOST)
    assert ended is not None
    assert runs.begin_launch(ended, 1.0, DEFINITIONS["ecs"]) is None


def test_taken_back_attempt_never_was(runs: Runs) -> None:
    run = new_run()
    runs.create(run)
    runs.begin_launch(run, 100.5, DEFINITIONS["ecs"])
    assert runs.take_back(run, 99.0) is None
    assert runs.take_back(replace(run, launch=2), 100.5) is None
    before = replace(run, definition=DEFINITIONS["ecs"])
    assert runs.take_back(run, 100.5) == before
    assert runs.get(run.run_id) == before
    assert runs.take_back(run, 100.5) is None


def test_taking_back_a_second_attempt_leaves_the_first(runs: Runs) -> None:
    run = new_run()
    runs.create(run)
    first = runs.begin_launch(run, 100.5, DEFINITIONS["ecs"])
    assert first is not None
    runs.begin_launch(first, 200.5, DEFINITIONS["ecs"])
    assert runs.take_back(first, 200.5) == first


def test_what_was_launched_is_not_taken_back(runs: Runs) -> None:
    run = new_run()
    runs.create(run)
    runs.begin_launch(run, 100.5, DEFINITIONS["ecs"])
    launched = runs.launched(run.run_id, 1, "arn")
    assert runs.take_back(run, 100.5) is None
    assert runs.get(run.run_id) == launched


@pytest.mark.parametrize("how", ["apply", "end"])
def test_relaunch_is_a_fresh_launch_of_the_same_run(runs: Runs, how: str) -> None:
    run = _launched(runs)
    runs.apply(change("ecs_running"))
    after = (
        runs.apply(SPOT, RELAUNCH).row
        if how == "apply"
        else runs.end(run.run_id, 1, LOST, RELAUNCH)
    )
    expected = new_run(
        launch=2,
        definition=run.definition,
        not_before=RELAUNCH.not_before,
        deaths=[DEATH],
    )
    assert after == expected
    assert runs.get(run.run_id) == expected
    assert [row.run_id for row in runs.due(run.created_at + LATEST_LOOK)] == [run.run_id]


@pytest.mark.parametrize("how", ["apply", "end"])
def test_wished_stop_beats_a_relaunch(runs: Runs, how: str) -> None:
    run = _launched(runs)
    stopping = runs.request_stop(run.run_id, STOP).row
    if how == "apply":
        assert not runs.apply(SPOT, RELAUNCH).changed
    else:
        assert runs.end(run.run_id, 1, LOST, RELAUNCH) is None
    assert runs.get(run.run_id) == stopping
    ended = runs.apply(SPOT).row
    assert ended is not None
    assert ended.status is Status.ENDED


def test_nothing_of_a_superseded_launch_counts(runs: Runs) -> None:
    run = _launched(runs)
    relaunched = runs.apply(SPOT, RELAUNCH).row
    assert not runs.apply(SPOT, RELAUNCH).changed
    assert not runs.apply(SPOT).changed
    assert not runs.apply(change("ecs_stopped_exit_0")).changed
    assert runs.end(run.run_id, 1, LOST) is None
    assert runs.launched(run.run_id, 1, "arn") is None
    assert runs.begin_launch(run, 300.5, DEFINITIONS["ecs"]) is None
    assert runs.get(run.run_id) == relaunched


def test_ended_run_is_not_relaunched(runs: Runs) -> None:
    run = _launched(runs)
    ended = runs.apply(change("ecs_stopped_exit_3")).row
    assert not runs.apply(replace(SPOT, order=99), RELAUNCH).changed
    assert runs.end(run.run_id, 1, LOST, RELAUNCH) is None
    assert runs.get(run.run_id) == ended


def test_first_pin_stays(runs: Runs) -> None:
    run = new_run()
    runs.create(run)
    first, second = Definition(arn="a:1"), Definition(arn="a:2")
    claimed = runs.begin_launch(run, 1.0, first)
    assert claimed is not None
    assert claimed.definition == first
    again = runs.begin_launch(claimed, 2.0, second)
    assert again is not None
    assert again.definition == first
    taken_back = runs.take_back(claimed, 2.0)
    assert taken_back is not None
    assert taken_back.definition == first
    relaunched = runs.end(run.run_id, 1, LOST, RELAUNCH)
    assert relaunched is not None
    next_claim = runs.begin_launch(relaunched, 3.0, second)
    assert next_claim is not None
    assert next_claim.definition == first


def test_a_claim_that_fails_fixes_no_definition(runs: Runs) -> None:
    run = new_run()
    runs.create(run)
    runs.request_stop(run.run_id, STOP)
    assert runs.begin_launch(run, 1.0, Definition(arn="a:1")) is None
    row = runs.get(run.run_id)
    assert row is not None
    assert row.definition is None


def test_launched_of_a_superseded_launch_changes_nothing(runs: Runs) -> None:
    run = _launched(runs)
    assert runs.launched(run.run_id, 2, "other") is None
    assert runs.get(run.run_id) == run


def test_apply_records_status_and_end(runs: Runs) -> None:
    run = _launched(runs)
    running = runs.apply(change("ecs_running")).row
    assert running is not None
    assert (running.status, running.backend_status, running.change_order) == (
        Status.LAUNCHED,
        "RUNNING",
        4,
    )
    stopped = change("ecs_stopped_exit_3")
    ended = runs.apply(stopped).row
    assert ended is not None
    assert (ended.status, ended.ending) == (Status.ENDED, stopped.ending)
    assert runs.get(run.run_id) == ended


def test_event_overtakes_the_launchs_own_answer(runs: Runs) -> None:
    run = new_run()
    runs.create(run)
    runs.begin_launch(run, 1.0, DEFINITIONS["ecs"])
    running = runs.apply(change("ecs_running")).row
    assert running is not None
    assert running.status is Status.LAUNCHED
    assert runs.launched(run.run_id, 1, change("ecs_running").backend_id) == running


@pytest.mark.parametrize("first", ["answer", "event"])
def test_when_a_launch_became_known_stays(runs: Runs, clock: Clock, first: str) -> None:
    run = new_run()
    runs.create(run)
    runs.begin_launch(run, 1.5, DEFINITIONS["ecs"])
    known = clock()
    steps: list[Callable[[], Run | None]] = [
        lambda: runs.launched(run.run_id, 1, change("ecs_running").backend_id),
        lambda: runs.apply(change("ecs_running")).row,
    ]
    for step in steps if first == "answer" else reversed(steps):
        row = step()
        assert row is not None
        assert row.launched_at == known
        clock.advance(5)
    ended = runs.apply(change("ecs_stopped_exit_0")).row
    assert ended is not None
    assert ended.launched_at == known


def test_answer_after_the_end_changes_nothing(runs: Runs) -> None:
    run = _launched(runs)
    ended = runs.apply(change("ecs_stopped_exit_0")).row
    assert runs.launched(run.run_id, 1, "arn") is None
    assert runs.get(run.run_id) == ended


def test_late_and_repeated_changes_change_nothing(runs: Runs) -> None:
    run = _launched(runs)
    running = runs.apply(change("ecs_running")).row
    assert not runs.apply(change("ecs_running")).changed
    assert not runs.apply(replace(change("ecs_running"), order=3, status="PENDING")).changed
    assert runs.get(run.run_id) == running


def test_terminal_is_terminal(runs: Runs) -> None:
    run = _launched(runs)
    ended = runs.apply(change("ecs_stopped_exit_0")).row
    assert ended is not None
    later = change("ecs_running")
    assert not runs.apply(replace(later, order=99)).changed
    assert not runs.apply(replace(change("ecs_stopped_exit_3"), order=99)).changed
    assert runs.end(run.run_id, 1, LOST) is None
    assert not runs.request_stop(run.run_id, STOP).changed
    assert runs.get(run.run_id) == ended


@pytest.mark.parametrize(
    "foreign",
    [
        {"launch": 2},
        {"launch": 0},
        {"place": "other-cluster"},
        {"definition": "arn:aws:ecs:eu-central-1:123456789012:task-definition/report:13"},
    ],
)
@pytest.mark.parametrize("name", ["ecs_running", "ecs_stopped_exit_0"])
def test_superseded_and_foreign_changes_are_ignored(
    runs: Runs, name: str, foreign: dict[str, Any]
) -> None:
    run = _launched(runs)
    assert not runs.apply(replace(change(name), **foreign)).changed
    assert runs.get(run.run_id) == run


def test_no_change_counts_before_the_definition_is_pinned(runs: Runs) -> None:
    run = new_run()
    runs.create(run)
    assert not runs.apply(change("ecs_stopped_exit_0")).changed
    assert runs.get(run.run_id) == run


def test_first_wish_to_stop_stays(runs: Runs) -> None:
    run = _launched(runs)
    wished = runs.request_stop(run.run_id, STOP).row
    assert wished is not None
    assert wished.stop == STOP
    again = runs.request_stop(run.run_id, Stop(cause=StopCause.TIMEOUT, reason="late")).row
    assert again == wished


def test_marks(runs: Runs) -> None:
    run = _launched(runs)
    runs.mark_finished(run.run_id)
    assert runs.get(run.run_id) == replace(run, finished=True)


def test_due_after_a_while_until_finished(runs: Runs, clock: Clock) -> None:
    run = _launched(runs)
    begun = clock()
    assert list(runs.due(begun + 899)) == []
    assert list(runs.due(begun + LATEST_LOOK)) == [run]
    clock.advance(100)
    ended = runs.apply(change("ecs_stopped_exit_0")).row
    assert ended is not None
    assert ended.ended_at == begun + 100
    assert list(runs.due(begun + LATEST_LOOK)) == [ended]
    runs.look_again(run.run_id, begun + 5000)
    assert list(runs.due(begun + 4999)) == []
    runs.mark_finished(run.run_id)
    runs.look_again(run.run_id, begun + 10)
    assert list(runs.due(1e12)) == []


def test_due_at_the_deadline_whatever_is_reported(runs: Runs, clock: Clock) -> None:
    request = replace(new_run().request, timeout_seconds=60)
    run = _launched(runs, request=request)
    clock.advance(30)
    assert runs.apply(change("ecs_running")).changed
    assert [row.run_id for row in runs.due(run.created_at + 60)] == [run.run_id]


def test_due_gives_the_longest_waiting_first(runs: Runs) -> None:
    made = [new_run(run_id=f"run-{n}") for n in range(5)]
    for n, run in enumerate(made):
        runs.create(run)
        runs.look_again(run.run_id, 1000.0 - n)
    assert [run.run_id for run in islice(runs.due(999.0), 3)] == ["run-4", "run-3", "run-2"]


def test_one_of_many_concurrent_creates_wins(dynamodb: Any, clock: Clock) -> None:
    table = create_table(dynamodb, "RunsTable")
    runs = DynamoRuns(as_client(SerialDynamoDb(dynamodb)), table, 900, clock=clock)
    run = new_run()
    created = []
    barrier = threading.Barrier(8)

    def create(number: int) -> None:
        barrier.wait()
        created.append(runs.create(replace(run, created_at=float(number))))

    threads = [threading.Thread(target=create, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(created) == [False] * 7 + [True]


def test_due_reads_every_page(dynamodb: Any, dynamo_runs: DynamoRuns, clock: Clock) -> None:
    big = replace(new_run().request, run_task={"taskDefinition": "t", "note": "x" * 100_000})
    for n in range(24):
        dynamo_runs.create(new_run(run_id=f"run-{n}", request=big))
    assert len(list(dynamo_runs.due(clock() + LATEST_LOOK))) == 24
    assert len(list(islice(dynamo_runs.due(clock() + LATEST_LOOK), 7))) == 7


def test_rows_expire(dynamodb: Any, dynamo_runs: Runs) -> None:
    run = new_run()
    dynamo_runs.create(run)
    item = dynamodb.get_item(TableName="RunsTable", Key={"run_id": {"S": run.run_id}})["Item"]
    assert int(item["expires_at"]["N"]) == int(run.created_at) + 30 * 86400


def test_unknown_attributes_of_a_row_are_ignored(dynamodb: Any, dynamo_runs: Runs) -> None:
    run = new_run()
    dynamo_runs.create(run)
    dynamodb.update_item(
        TableName="RunsTable",
        Key={"run_id": {"S": run.run_id}},
        UpdateExpression="SET colour = :blue",
        ExpressionAttributeValues={":blue": {"S": "blue"}},
    )
    assert dynamo_runs.get(run.run_id) == run


def test_a_launch_keeps_its_first_container(runs: Runs) -> None:
    run = new_run()
    runs.create(run)
    runs.begin_launch(run, 1.5, DEFINITIONS["ecs"])
    running = change("ecs_running")
    assert runs.apply(running).changed
    answered = runs.launched(run.run_id, 1, "second")
    assert answered is not None
    assert answered.backend_id == running.backend_id
    for name in ("ecs_running", "ecs_stopped_exit_0"):
        of_second = runs.apply(replace(change(name), backend_id="second", order=99))
        assert (of_second.changed, of_second.row) == (False, answered)
    assert not runs.apply(replace(SPOT, backend_id="second"), RELAUNCH).changed


@pytest.mark.parametrize("order", [0, 4, 99])
def test_end_comes_last_whatever_its_order(runs: Runs, order: int) -> None:
    _launched(runs)
    runs.apply(change("ecs_running"))
    ended = runs.apply(replace(change("ecs_stopped_exit_0"), order=order))
    assert ended.changed
    assert ended.row is not None
    assert ended.row.status is Status.ENDED


def test_write_that_changes_nothing_returns_the_row_as_it_stands(runs: Runs) -> None:
    run = _launched(runs)
    running = runs.apply(change("ecs_running")).row
    repeated = runs.apply(change("ecs_running"))
    assert (repeated.changed, repeated.row) == (False, running)
    nobody = runs.apply(replace(change("ecs_running"), run_id="nobody"))
    assert (nobody.changed, nobody.row) == (False, None)
    fenced = runs.request_stop(run.run_id, STOP, "another caller")
    assert (fenced.changed, fenced.row) == (False, running)
    assert runs.request_stop(run.run_id, STOP, run.caller.key).changed


def test_row_outlives_its_run(dynamodb: Any, dynamo_runs: Runs) -> None:
    run = new_run()
    dynamo_runs.create(run)
    later = run.created_at + 40 * 86400
    dynamo_runs.look_again(run.run_id, later)
    item = dynamodb.get_item(TableName="RunsTable", Key={"run_id": {"S": run.run_id}})["Item"]
    assert int(item["expires_at"]["N"]) == int(later) + 30 * 86400


def test_watchers_are_set_as_they_were_read(runs: Runs) -> None:
    run = new_run()
    runs.create(run)
    first = runs.set_watchers(run, [watcher("a")])
    assert first.changed
    assert first.row == replace(run, watchers=[watcher("a")]) == runs.get(run.run_id)
    late = runs.set_watchers(run, [watcher("b")])
    assert late == Written(False, first.row), "another came in between"
    second = runs.set_watchers(first.row, [watcher("a"), watcher("b")])
    assert second.row is not None
    assert second.row.watchers == [watcher("a"), watcher("b")]
    assert not runs.set_watchers(first.row, []).changed


def test_watchers_stay_through_a_relaunch_and_a_stop_and_none_comes_after_the_end(
    runs: Runs,
) -> None:
    run = _launched(runs)
    watched = runs.set_watchers(run, [watcher()]).row
    assert watched is not None
    assert runs.apply(SPOT, RELAUNCH).changed
    runs.request_stop(run.run_id, STOP)
    stopping = runs.get(run.run_id)
    assert stopping is not None
    assert stopping.watchers == [watcher()]
    more = runs.set_watchers(stopping, [watcher(), watcher("b")])
    assert more.changed, "a run that is to stop has not ended"
    ended = runs.end(run.run_id, 2, LOST)
    assert ended is not None
    assert len(ended.watchers) == 2
    assert runs.set_watchers(ended, []) == Written(False, ended)
