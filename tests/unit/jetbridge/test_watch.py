"""watch_runs: how far runs are, who is notified of their end, and that nobody is forgotten."""

from typing import Any

import pytest
from jetbridge_testing.clock import Clock
from jetbridge_testing.core import Core
from jetbridge_testing.foreign import looking
from jetbridge_testing.memory import MemoryOutcomes, MemoryRuns
from jetbridge_testing.notices import FINISHED_AT, outcome_of
from jetbridge_testing.samples import REGION, ended_run, launched_run, new_run, request, watcher
from jetbridge_testing.steps import Steps
from msgspec.structs import replace

from jetbridge.contract import (
    AirflowCaller,
    ContractError,
    Outcome,
    StopCause,
    WatchAnswer,
    WatchedRun,
    WatchRequest,
    decode,
    encode,
    run_id_of,
)
from jetbridge.contract.watch import MAX_WATCHED_RUNS
from jetbridge.runs.port import UnreadableRow
from jetbridge.runs.reports import Ending
from jetbridge.runs.run import Run, Stop, Watcher
from jetbridge.watching.watch import ROUNDS, Contended, Watch
from jetbridge.watching.watchers import MAX_WATCHERS

LOST = Ending(code="Lost", reason="unknown to AWS")
WAITING = watcher()


class Scene:
    def __init__(self, *rows: Run, steps: Steps | None = None, secret: bool = True) -> None:
        steps = steps or Steps()
        self.runs = MemoryRuns(900, Clock())
        for row in rows:
            self.runs.create(row)
        self.outcomes = MemoryOutcomes()
        self.service = Watch(
            steps.watch(self.runs),
            steps.watch(self.outcomes),
            "outcomes",
            "stop",
            REGION,
            has_airflow_secret=secret,
            look_at_foreign=looking(self.outcomes),
        )

    def watch(self, *run_ids: str, by: Watcher | None = None) -> WatchAnswer:
        asked: dict[str, Any] = {"run_ids": list(run_ids)}
        if by is not None:
            asked |= {"caller": by.caller, "airflow": by.airflow}
        return self.service(decode(WatchRequest, encode(asked)))

    def watchers(self, run: Run) -> list[Watcher]:
        row = self.runs.get(run.run_id)
        assert row is not None
        return row.watchers

    def seal(self, run: Run, **fields: Any) -> Outcome:
        return self.outcomes.seal(outcome_of(run, **fields))


def _status(answer: WatchAnswer) -> list[str]:
    return [run.status for run in answer.runs.values()]


def test_without_run_ids_the_answer_says_what_stack_it_is() -> None:
    assert Scene(new_run(), secret=False).watch() == WatchAnswer(
        runs={}, outcomes_table="outcomes", stop_function="stop", region=REGION
    )


def test_how_far_each_run_is() -> None:
    accepted, launched = new_run("person"), launched_run("airflow_batch", launch=2)
    ended = ended_run("ecs_stopped_exit_3")
    scene = Scene(accepted, launched, ended)
    outcome = scene.seal(ended, state="failed")
    unknown = run_id_of("nobody's")
    ids = [accepted.run_id, launched.run_id, ended.run_id, unknown, accepted.run_id]
    assert scene.watch(*ids).runs == {
        accepted.run_id: WatchedRun(
            status="accepted",
            backend="batch",
            caller=accepted.request.caller,
            created_at=accepted.created_at,
        ),
        launched.run_id: WatchedRun(
            status="launched",
            backend="batch",
            caller=launched.request.caller,
            created_at=launched.created_at,
            launch=2,
            backend_id=launched.backend_id,
        ),
        ended.run_id: WatchedRun(
            status="ended",
            backend="ecs",
            caller=ended.request.caller,
            created_at=ended.created_at,
            backend_id=ended.backend_id,
            outcome=outcome,
        ),
    }
    assert scene.watchers(accepted) == []


def test_ended_run_that_is_about_to_have_its_outcome() -> None:
    ended = ended_run("ecs_stopped_exit_0")
    found = Scene(ended).watch(ended.run_id, by=WAITING).runs[ended.run_id]
    assert (found.status, found.outcome) == ("ended", None)


@pytest.mark.parametrize(
    ("started_at", "created_at"),
    [(None, FINISHED_AT), ("2026-03-01T00:00:29.114Z", 1772323229.114)],
)
def test_run_of_which_only_the_outcome_is_left(started_at: str | None, created_at: float) -> None:
    gone = ended_run("ecs_stopped_exit_0")
    scene = Scene()
    outcome = scene.seal(gone, started_at=started_at, backend_id="arn", launches=2)
    answer = scene.watch(gone.run_id, by=WAITING)
    assert answer.runs[gone.run_id] == WatchedRun(
        status="ended",
        backend="ecs",
        caller=gone.request.caller,
        created_at=created_at,
        launch=2,
        backend_id="arn",
        outcome=outcome,
    )


def _retried() -> tuple[Core, str, str]:
    """A core with a run that a later try took over; its id, and that of the later try's row."""
    core = Core()
    first = replace(request("airflow_ecs"), previous="attach")
    assert isinstance(first.caller, AirflowCaller)
    later = replace(first.caller, try_number=2, ti_id="0195503b-9d80-7c7e-8f0a-3b1e5f7d2c11")
    run_id = core.start(first).run_id
    again = replace(first, caller=later)
    assert core.start(again).run_id == run_id
    return core, run_id, run_id_of(again.key)


def test_row_of_a_later_try_answers_for_the_run_that_it_took_over() -> None:
    core, run_id, alias = _retried()
    scene = Scene()
    service = Watch(
        core.runs, scene.outcomes, "outcomes", "stop", REGION, True, looking(scene.outcomes)
    )
    asked = WatchRequest(run_ids=[alias], caller=WAITING.caller)
    answer = service(asked)
    row = core.runs.get(run_id)
    assert row is not None
    assert answer.runs.keys() == {alias}
    assert (answer.runs[alias].status, row.watchers) == ("accepted", [WAITING])
    core.runs.end(run_id, 1, LOST)
    outcome = scene.seal(row)
    assert service(asked).runs[alias].outcome == outcome


def test_row_of_a_later_try_answers_when_the_run_it_took_over_has_expired() -> None:
    core, run_id, alias = _retried()
    row = core.runs.get(alias)
    assert row is not None
    scene = Scene(row)
    assert scene.watch(alias).runs == {}
    outcome = scene.seal(replace(row, run_id=run_id))
    assert scene.watch(alias).runs[alias].outcome == outcome


@pytest.mark.parametrize("run", [new_run("schedule"), launched_run()], ids=["schedule", "airflow"])
def test_who_waits_is_remembered_once(run: Run) -> None:
    scene = Scene(run)
    for _ in range(3):
        assert _status(scene.watch(run.run_id, run.run_id, by=WAITING)) == [run.status]
    assert scene.watchers(run) == [WAITING]
    row = scene.runs.get(run.run_id)
    assert row is not None
    assert row.caller == run.caller, "whoever started it waits as before"


def test_others_that_wait_are_remembered_beside() -> None:
    run = new_run("person")
    scene = Scene(run)
    waiting = [WAITING, watcher(airflow="other"), watcher("b"), watcher(map_index=3)]
    for each in waiting:
        scene.watch(run.run_id, by=each)
    other = replace(waiting[1], caller=replace(waiting[1].caller, airflow="other"))
    assert scene.watchers(run) == [waiting[0], other, *waiting[2:]]


def test_later_try_takes_the_place_of_the_earlier_one() -> None:
    run = new_run("person")
    scene = Scene(run)
    later = watcher(try_number=2, ti_id="0195503b-a3f4-7b5e-8f4b-2c0d9e7a6b52")
    for each in (WAITING, watcher("b"), later, WAITING):
        scene.watch(run.run_id, by=each)
    assert scene.watchers(run) == [later, watcher("b")]


def test_more_than_ten_are_refused_and_say_so() -> None:
    run = new_run("person")
    scene = Scene(run)
    waiting = [watcher(f"task-{number}") for number in range(MAX_WATCHERS)]
    for each in waiting:
        scene.watch(run.run_id, by=each)
    with pytest.raises(ContractError, match=rf"caller: can't wait for run {run.run_id}: 10 other"):
        scene.watch(run.run_id, by=watcher("one-more"))
    assert scene.watchers(run) == waiting
    assert _status(scene.watch(run.run_id, by=waiting[3])) == ["accepted"]
    assert _status(scene.watch(run.run_id)) == ["accepted"], "whoever only looks may look"
    scene.runs.end(run.run_id, 1, LOST)
    assert _status(scene.watch(run.run_id, by=watcher("one-more"))) == ["ended"]


def test_ended_and_unknown_runs_remember_nobody() -> None:
    ended = ended_run("ecs_stopped_exit_0")
    scene = Scene(ended)
    assert _status(scene.watch(ended.run_id, run_id_of("nobody's"), by=WAITING)) == ["ended"]
    assert scene.watchers(ended) == []


def test_run_that_is_to_stop_is_still_waited_for() -> None:
    run = launched_run()
    scene = Scene(run)
    scene.runs.request_stop(run.run_id, Stop(cause=StopCause.TIMEOUT, reason="too long"))
    scene.watch(run.run_id, by=WAITING)
    assert scene.watchers(run) == [WAITING]


@pytest.mark.parametrize("moment", ["after get", "before set_watchers"])
def test_run_that_ends_between_reading_and_writing_is_answered_as_ended(moment: str) -> None:
    run = launched_run()
    steps = Steps()
    Scene(run, steps=steps).watch(run.run_id, by=WAITING)
    at = steps.moments.index(moment)
    steps = Steps()
    scene = Scene(run, steps=steps)

    def ends() -> None:
        scene.runs.end(run.run_id, 1, LOST)
        scene.seal(run)

    steps.plan[at] = ends
    found = scene.watch(run.run_id, by=WAITING).runs[run.run_id]
    assert found.status == "ended"
    assert found.outcome is not None
    assert scene.watchers(run) == []


def test_others_that_come_in_between_are_kept_and_so_is_patience() -> None:
    run = launched_run()
    steps = Steps()
    scene = Scene(run, steps=steps)
    number = 0

    def another() -> None:
        nonlocal number
        number += 1
        row = scene.runs.get(run.run_id)
        assert row is not None
        early = watcher("busy", try_number=number)
        scene.runs.set_watchers(row, [*row.watchers[:-1], early])

    writes = [3 + 2 * attempt for attempt in range(ROUNDS)]
    steps.plan = {at - 1: another for at in writes[:-1]}
    assert _status(scene.watch(run.run_id, by=WAITING)) == ["launched"]
    assert scene.watchers(run) == [watcher("busy", try_number=ROUNDS - 1), WAITING]
    scene.runs.set_watchers(scene.runs.get(run.run_id) or run, [])
    done = len(steps.moments)
    steps.plan = {done + at - 1: another for at in writes}
    with pytest.raises(Contended, match=run.run_id):
        scene.watch(run.run_id, by=WAITING)


def test_without_an_airflow_nobody_is_promised_anything() -> None:
    run = new_run("person")
    scene = Scene(run, secret=False)
    with pytest.raises(ContractError, match=r"caller: is to be .* stack has no AirflowSecretArn"):
        scene.watch(run.run_id, by=WAITING)
    assert scene.watchers(run) == []
    assert _status(scene.watch(run.run_id)) == ["accepted"]


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"run_ids": ["None"]}, r"run_ids\[0\]"),
        ({"run_ids": [run_id_of("x"), "task#0123456789abcde"]}, r"run_ids\[1\]"),
        ({"run_ids": [run_id_of("x") + "\n"]}, r"run_ids\[0\]"),
        ({"run_ids": [run_id_of("x")] * (MAX_WATCHED_RUNS + 1)}, "run_ids"),
        ({"caller": {"kind": "person", "name": "ana"}}, "caller"),
        ({"caller": {"kind": "airflow", "dag_id": "d"}}, "caller"),
        ({"airflow": "no such/name"}, "airflow"),
        ({"run_id": run_id_of("x")}, "message"),
        ({"version": 2}, "version"),
    ],
)
def test_what_breaks_the_contract_is_named(fields: dict[str, Any], named: str) -> None:
    with pytest.raises(ContractError, match=named):
        decode(WatchRequest, fields)


def test_row_that_cannot_be_read_holds_up_no_other() -> None:
    bad, good = launched_run(), launched_run("airflow_batch")
    scene = Scene(bad, good)
    get = scene.runs.get

    def broken(run_id: str) -> Run | None:
        if run_id == bad.run_id:
            raise UnreadableRow(run_id, "it is odd")
        return get(run_id)

    scene.runs.get = broken  # type: ignore[method-assign]
    assert list(scene.watch(bad.run_id, good.run_id).runs) == [good.run_id]
    scene.outcomes.seal(outcome_of(bad))
    answer = scene.watch(bad.run_id, good.run_id)
    assert answer.runs[bad.run_id].outcome == outcome_of(bad)
