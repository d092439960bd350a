"""sweep_runs: timeouts, what events missed, and what was not handed over."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest
from jetbridge_testing.clock import Clock
from jetbridge_testing.core import Core
from jetbridge_testing.samples import (
    STACK_KEY,
    change,
    ended_run,
    event,
    launched_run,
    new_run,
    sample,
)
from msgspec import structs
from msgspec.structs import replace

from jetbridge.aws.records import Record
from jetbridge.backends.changes import from_task
from jetbridge.contract import Cause, State, StopCause, StopRequest, decode, run_id_of
from jetbridge.failures import judge
from jetbridge.runs.names import LaunchName
from jetbridge.runs.reports import Ending, StateChange
from jetbridge.runs.run import Run, Status, Stop
from jetbridge.tracking.sweep import Swept


class Scene(Core):
    def __init__(self, *rows: Run) -> None:
        super().__init__()
        for row in rows:
            assert self.runs.create(row)

    def row(self, name: str) -> Run:
        row = self.runs.get(name)
        assert row is not None
        return row


def _record(run: Run, name: str) -> Record:
    """The record of a sample as AWS would describe it for this run."""
    record: dict[str, Any] = dict(event(name)["detail"])
    launch = LaunchName(STACK_KEY, run.run_id, run.launch)
    if run.backend == "ecs":
        record |= {"startedBy": str(launch), "taskArn": run.backend_id}
        return {
            key: datetime.fromisoformat(value) if key.endswith("At") else value
            for key, value in record.items()
        }
    return record | {"jobName": launch.job_name("load"), "jobId": run.backend_id}


def _task(number: int, **fields: Any) -> Run:
    return launched_run(run_id=run_id_of(f"task-{number}"), backend_id=f"arn/{number}", **fields)


def test_nothing_is_due() -> None:
    scene = Scene(launched_run(), new_run("airflow_batch"))
    scene.clock.advance(899)
    assert scene.sweep() == Swept()
    assert scene.ecs.described == []


def test_missed_end_is_found_and_handed_over() -> None:
    task, job = _task(1), launched_run("airflow_batch", backend_id="job-1")
    scene = Scene(task, job)
    scene.ecs.records = {"arn/1": _record(task, "ecs_stopped_exit_3")}
    scene.batch.records = {"job-1": _record(job, "batch_succeeded")}
    scene.clock.advance(900)
    assert scene.sweep() == Swept(described=2, describe_calls=2)
    assert scene.row(task.run_id).status is Status.ENDED
    assert scene.row(job.run_id).status is Status.ENDED
    ids = {message["run_id"] for message in scene.finishes.messages}
    assert ids == {task.run_id, job.run_id}


def test_running_job_stays_and_is_looked_at_again_later() -> None:
    task = _task(1)
    scene = Scene(task)
    scene.ecs.records = {"arn/1": _record(task, "ecs_running")}
    scene.clock.advance(900)
    scene.sweep()
    assert scene.row(task.run_id).status is Status.LAUNCHED
    assert scene.sweep() == Swept()
    scene.clock.advance(900)
    assert scene.sweep() == Swept(described=1, describe_calls=1)


STUCK = "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT"


class Stuck(Scene):
    """A job that waits in its queue, with Batch's words about it."""

    def __init__(self) -> None:
        self.job = launched_run("airflow_batch", backend_id="job-1")
        super().__init__(self.job)
        self.says(f"{STUCK} - The job resource requirement is higher than that of the CE(s)")

    def says(self, reason: str, status: str = "RUNNABLE") -> None:
        record = dict(_record(self.job, "batch_runnable"))
        self.batch.records = {"job-1": record | {"status": status, "statusReason": reason}}

    def look(self, after: float = 900) -> list[Any]:
        self.clock.advance(after)
        self.sweep()
        return [message for message in self.stops.messages if "orphan" in message]


def test_a_job_that_batch_cant_start_is_stopped_when_it_says_so_twice() -> None:
    scene = Stuck()
    assert scene.look() == []
    (message,) = scene.look()
    assert message["orphan"] == {
        "backend": "batch",
        "place": "loads",
        "backend_id": "job-1",
        "reason": STUCK,
    }
    assert scene.row(scene.job.run_id).stop is None
    ended = dict(_record(scene.job, "batch_runnable"))
    ended |= {"status": "FAILED", "statusReason": STUCK, "isCancelled": True}
    scene.batch.records = {"job-1": ended}
    scene.look()
    row = scene.row(scene.job.run_id)
    assert row.ending is not None
    verdict = judge(row.ending, row.definition)
    assert (verdict.state, verdict.cause) == (State.FAILED, Cause.MISCONFIGURATION)


@pytest.mark.parametrize(
    ("reason", "status"),
    [
        ("", "RUNNABLE"),
        ("CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY - none", "RUNNABLE"),
        ("UNDETERMINED - Batch job is blocked, root cause is undetermined.", "RUNNABLE"),
        (STUCK, "STARTING"),
        (STUCK, "RUNNING"),
        (f"see {STUCK}", "RUNNABLE"),
    ],
)
def test_any_other_job_waits_on(reason: str, status: str) -> None:
    scene = Stuck()
    assert scene.look() == []
    scene.says(reason, status)
    assert scene.look() == scene.look() == []


def test_a_job_is_given_ten_minutes_for_its_first_instance() -> None:
    scene = Stuck()
    scene.runs.look_again(scene.job.run_id, scene.clock())
    assert scene.look(60) == []
    scene.runs.look_again(scene.job.run_id, scene.clock())
    assert scene.look(60) == []
    assert len(scene.look()) == 1


def test_the_event_of_a_blocked_queue_makes_the_sweeper_look() -> None:
    scene = Stuck()
    blocked = sample("batch_job_queue_blocked")
    blocked["detail"]["jobName"] = _record(scene.job, "batch_runnable")["jobName"]
    scene.track(blocked)
    assert scene.look(60) == []
    assert scene.batch.described == [("loads", ["job-1"])]


def test_described_in_batches_of_a_hundred_by_cluster() -> None:
    other = replace(new_run().request, run_task={"cluster": "c2", "taskDefinition": "report"})
    tasks = [_task(number) for number in range(205)]
    elsewhere = _task(205, request=other)
    scene = Scene(*tasks, elsewhere)
    scene.ecs.records = {run.backend_id or "": _record(run, "ecs_running") for run in tasks}
    scene.clock.advance(900)
    assert scene.sweep().described == 206
    sizes = sorted((place, len(ids)) for place, ids in scene.ecs.described)
    assert sizes == [("c2", 1), ("reports", 5), ("reports", 100), ("reports", 100)]


def test_what_aws_does_not_know_is_lost() -> None:
    known, lost = _task(1), _task(2)
    scene = Scene(known, lost)
    scene.ecs.records = {"arn/1": _record(known, "ecs_running")}
    scene.clock.advance(900)
    scene.sweep()
    assert scene.row(known.run_id).status is Status.LAUNCHED
    row = scene.row(lost.run_id)
    assert row.ending is not None
    assert row.ending.code == "Lost"
    assert scene.finishes.messages == [{"run_id": lost.run_id}]


def test_what_was_just_launched_is_not_lost_yet() -> None:
    request = replace(new_run().request, timeout_seconds=60)
    scene = Scene(_task(1, request=request, last_attempt_at=Clock()() + 55))
    scene.clock.advance(61)
    scene.sweep()
    assert scene.row(run_id_of("task-1")).status is Status.LAUNCHED
    assert len(scene.stops.messages) == 1


def test_timeout_is_stopped_in_the_sweep_after_it() -> None:
    request = replace(new_run().request, timeout_seconds=60)
    task = _task(1, request=request, last_attempt_at=Clock()())
    scene = Scene(task)
    scene.ecs.records = {"arn/1": _record(task, "ecs_running")}
    scene.clock.advance(59)
    assert scene.sweep().timed_out == 0
    scene.clock.advance(1)
    assert scene.sweep().timed_out == 1
    [message] = scene.stops.messages
    assert decode(StopRequest, message) == StopRequest(
        run_ids=[task.run_id],
        reason="timed out after 60 s",
        cause=StopCause.TIMEOUT,
        by="Jetbridge",
    )


def test_timeout_holds_for_a_run_that_was_looked_at_before() -> None:
    request = replace(new_run().request, timeout_seconds=1000)
    task = _task(1, request=request)
    scene = Scene(task)
    scene.ecs.records = {"arn/1": _record(task, "ecs_running")}
    scene.clock.advance(900)
    assert scene.sweep().timed_out == 0
    scene.clock.advance(100)
    assert scene.sweep().timed_out == 1


def test_unlaunched_run_is_queued_again_and_a_stop_repeated() -> None:
    stop = Stop(cause=StopCause.STOPPED_BY_USER, reason="cleared")
    waiting = new_run(run_id="waiting", launch=2)
    stopping = new_run(run_id="stopping", stop=stop, status=Status.LAUNCHING)
    scene = Scene(waiting, stopping)
    scene.clock.advance(900)
    assert scene.sweep() == Swept(timed_out=1, relaunched=2)
    assert scene.launches.messages == [
        {"run_id": "stopping", "launch": 1},
        {"run_id": "waiting", "launch": 2},
    ]
    [message] = scene.stops.messages
    stop_again = StopRequest(run_ids=["stopping"], reason="cleared")
    assert decode(StopRequest, message) == stop_again


def test_ended_but_unfinished_is_handed_over() -> None:
    ended = ended_run("ecs_stopped_exit_0")
    scene = Scene(ended)
    scene.clock.advance(900)
    assert scene.sweep() == Swept(finished=1)
    assert scene.finishes.messages == [{"run_id": ended.run_id}]
    assert scene.ecs.described == []


def test_all_events_dropped_ends_within_two_sweeps() -> None:
    task = _task(1)
    scene = Scene(task)
    scene.ecs.records = {"arn/1": _record(task, "ecs_stopped_exit_0")}
    scene.clock.advance(900)
    scene.sweep()
    scene.sweep()
    assert scene.finishes.messages == [{"run_id": task.run_id}]


def test_one_broken_cluster_does_not_hold_up_the_rest() -> None:
    task, job = _task(1), launched_run("airflow_batch", backend_id="job-1")
    waiting = new_run(run_id="waiting")
    scene = Scene(task, job, waiting)
    scene.ecs.errors["describe"] = [ConnectionError("cluster is gone")]
    scene.batch.records = {"job-1": _record(job, "batch_succeeded")}
    scene.clock.advance(900)
    with pytest.raises(ExceptionGroup) as failed:
        scene.sweep()
    assert [str(error) for error in failed.value.exceptions] == ["cluster is gone"]
    assert scene.row(job.run_id).status is Status.ENDED
    assert scene.launches.messages == [{"run_id": "waiting", "launch": 1}]
    scene.ecs.records = {"arn/1": _record(task, "ecs_stopped_exit_0")}
    scene.clock.advance(60)
    assert scene.sweep() == Swept(described=1, describe_calls=1)
    assert scene.row(task.run_id).status is Status.ENDED


def test_record_of_another_run_is_not_this_runs_end() -> None:
    task = _task(1)
    scene = Scene(task)
    scene.ecs.records = {"arn/1": _record(_task(2), "ecs_stopped_exit_0")}
    scene.clock.advance(900)
    scene.sweep()
    row = scene.row(task.run_id)
    assert row.ending != Ending(code="EssentialContainerExited")
    assert row.ending is None or row.ending.code == "Lost"


def _running(count: int, **fields: Any) -> Scene:
    """A scene with tasks that run and of which nothing new is to be heard."""
    order = event("ecs_running")["detail"]["version"]
    tasks = [_task(number, change_order=order, **fields) for number in range(count)]
    scene = Scene(*tasks)
    scene.ecs.records = {run.backend_id or "": _record(run, "ecs_running") for run in tasks}
    scene.clock.advance(900)
    return scene


class Counting:
    """Counts the calls of a port."""

    def __init__(self, port: Any) -> None:
        self.port = port
        self.calls: dict[str, int] = {}

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: Any) -> Any:
            self.calls[name] = self.calls.get(name, 0) + 1
            return getattr(self.port, name)(*arguments)

        return call


def test_running_job_that_says_nothing_new_costs_one_write() -> None:
    scene = _running(250)
    rows = Counting(scene.runs)
    track = structs.replace(scene.track, runs=rows)
    assert structs.replace(scene.sweep, runs=rows, track=track)().described == 250
    assert rows.calls == {"due": 1, "look_again": 250}


def test_ten_thousand_runs_in_threads() -> None:
    scene = _running(10_000)
    ended = [_task(number) for number in range(0, 10_000, 100)]
    for run in ended:
        scene.ecs.records[run.backend_id or ""] = _record(run, "ecs_stopped_exit_0")
    with ThreadPoolExecutor(8) as threads:
        swept = structs.replace(scene.sweep, each=threads.map)()
    assert (swept.described, swept.describe_calls, swept.left) == (10_000, 100, 0)
    assert sorted(len(ids) for _, ids in scene.ecs.described) == [100] * 100
    assert {m["run_id"] for m in scene.finishes.messages} == {run.run_id for run in ended}
    assert list(scene.runs.due(scene.clock())) == []


def test_when_time_is_short_the_rest_is_due_in_the_next_sweep(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scene = _running(1000)
    describe = scene.ecs.describe

    def slowly(place: str, backend_ids: list[str]) -> list[Record]:
        scene.clock.advance(10)
        return describe(place, backend_ids)

    monkeypatch.setattr(scene.ecs, "describe", slowly)
    swept = scene.sweep(45)
    assert (swept.described, swept.left) == (500, 500)
    assert len(list(scene.runs.due(scene.clock()))) == 500
    assert scene.sweep(45).described == 500
    assert list(scene.runs.due(scene.clock())) == []


def test_without_any_time_nothing_is_touched() -> None:
    scene = Scene(new_run(run_id="waiting"))
    scene.clock.advance(900)
    assert scene.sweep(0) == Swept(left=1)
    assert scene.launches.messages == []


def test_after_a_failure_the_cluster_is_not_asked_again_in_this_sweep() -> None:
    scene = _running(1000)
    job = launched_run("airflow_batch", backend_id="job-1")
    scene.runs.create(job)
    scene.runs.look_again(job.run_id, scene.clock())
    scene.batch.records = {"job-1": _record(job, "batch_succeeded")}
    scene.ecs.errors["describe"] = [ConnectionError("cluster is gone")]
    with pytest.raises(ExceptionGroup) as failed:
        scene.sweep()
    assert len(failed.value.exceptions) == 1
    assert scene.ecs.described == []
    assert scene.row(job.run_id).status is Status.ENDED
    scene.clock.advance(60)
    assert scene.sweep().described == 1000


def test_one_broken_queue_does_not_hold_up_the_rest() -> None:
    ended = ended_run("ecs_stopped_exit_0")
    waiting = new_run("airflow_batch")
    scene = Scene(ended, waiting)

    class Broken:
        def send(self, message: object, delay_seconds: int = 0, group: str = "") -> None:
            raise ConnectionError("queue is gone")

    hand_over = structs.replace(scene.endings.hand_over, finishes=Broken())
    endings = structs.replace(scene.endings, hand_over=hand_over)
    scene.clock.advance(900)
    with pytest.raises(ExceptionGroup):
        structs.replace(scene.sweep, endings=endings)()
    assert scene.launches.messages == [{"run_id": waiting.run_id, "launch": 1}]
    assert scene.finishes.messages == []
    assert [run.run_id for run in scene.runs.due(scene.clock())] == [ended.run_id]


def test_lost_only_if_the_row_still_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between reading the index and describing, the run went on to its next launch."""
    task = _task(1)
    scene = Scene(task)
    scene.clock.advance(900)
    describe = scene.ecs.describe

    def meanwhile(place: str, backend_ids: list[str]) -> list[Record]:
        scene.track.record(_spot(task))
        return describe(place, backend_ids)

    monkeypatch.setattr(scene.ecs, "describe", meanwhile)
    scene.sweep()
    row = scene.row(task.run_id)
    assert (row.launch, row.status, row.ending) == (2, Status.ACCEPTED, None)


def _spot(task: Run) -> StateChange:
    found = from_task(_record(task, "ecs_spot_interruption"), STACK_KEY)
    assert found is not None
    return found


def test_deadline_that_passed_is_looked_at_as_others_are() -> None:
    request = replace(new_run().request, timeout_seconds=60)
    task = _task(1, request=request)
    scene = Scene(task)
    scene.ecs.records = {"arn/1": _record(task, "ecs_running")}
    scene.clock.advance(60)
    assert scene.sweep().timed_out == 1
    scene.clock.advance(60)
    assert scene.sweep() == Swept()
    scene.clock.advance(840)
    assert scene.sweep().timed_out == 1


def test_an_end_that_was_just_handed_over_is_left_to_finish_run() -> None:
    """A run that ends shortly before it is due: its outcome may have to wait for the log."""
    running = launched_run()
    scene = Scene(running)
    scene.clock.advance(899)
    ending = change("ecs_stopped_exit_0").ending
    assert ending is not None
    assert scene.runs.end(running.run_id, 1, ending)
    scene.clock.advance(1)
    assert scene.sweep().finished == 0
    assert scene.finishes.messages == []
    scene.clock.advance(898)
    assert list(scene.runs.due(scene.clock())) == []
    scene.clock.advance(1)
    assert scene.sweep().finished == 1
    assert scene.finishes.messages == [{"run_id": running.run_id}]
