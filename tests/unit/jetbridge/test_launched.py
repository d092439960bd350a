"""The launched records that launch_run and track_run write for those who wait."""

from typing import Any

import pytest
from jetbridge_testing.core import Core
from jetbridge_testing.memory import MemoryOutcomes
from jetbridge_testing.samples import (
    DEFINITIONS,
    JOB_DEFINITION,
    REGION,
    TASK_DEFINITION,
    change,
    event,
    launched_run,
    new_run,
)
from msgspec.structs import replace

from jetbridge.backends.port import Throttled
from jetbridge.contract import Launched, LogStream, StopCause
from jetbridge.progress.launched import launched_record
from jetbridge.runs.reports import Ending
from jetbridge.runs.run import (
    Definition,
    LogSource,
    Run,
    Status,
    Stop,
)

TASK_ID = "478f3a4c51824ad23cb50c1c60670c0f"
TASK_ARN = f"arn:aws:ecs:{REGION}:123456789012:task/reports/{TASK_ID}"
JOB_STREAM = "load/default/2034bfc90e38f97eb976d5d7cf0d0c74"
STOP = Stop(cause=StopCause.STOPPED_BY_USER, reason="cleared")


class TableDown(Exception):
    """The outcomes table can't be written."""


class BrokenOutcomes(MemoryOutcomes):
    """Can't be written ``failures`` times."""

    def __init__(self, failures: int) -> None:
        super().__init__()
        self.failures = failures

    def put_launched(self, record: Launched, order: int) -> None:
        if self.failures:
            self.failures -= 1
            raise TableDown
        super().put_launched(record, order)


def _told(core: Core, run: Run) -> Launched:
    standing = core.outcomes.standing(run.run_id)
    assert isinstance(standing, Launched)
    return standing


def _accepted(core: Core, name: str = "airflow_ecs") -> Run:
    run = new_run(name)
    assert core.runs.create(run)
    return run


def _launched(core: Core, name: str = "airflow_ecs", **fields: Any) -> Run:
    run = launched_run(name, **fields)
    assert core.runs.create(run)
    return run


def test_launch_run_records_the_task() -> None:
    core = Core()
    run = _accepted(core)
    core.launch(run.run_id, 1)
    assert _told(core, run) == Launched(
        run_id=run.run_id,
        backend="ecs",
        region=REGION,
        backend_id="ecs-0",
        launched_at=core.clock(),
        cluster="reports",
        definition=TASK_DEFINITION,
    )


def test_launch_run_records_the_job() -> None:
    core = Core()
    run = _accepted(core, "airflow_batch")
    core.launch(run.run_id, 1)
    told = _told(core, run)
    assert (told.backend, told.backend_id, told.job_queue) == ("batch", "batch-0", run.place)
    assert (told.cluster, told.definition) == (None, JOB_DEFINITION)


def test_track_run_records_that_the_task_runs_and_where_it_logs() -> None:
    core = Core()
    run = _launched(core)
    core.track(event("ecs_running"))
    told = _told(core, run)
    assert (told.backend_id, told.started_at) == (TASK_ARN, "2026-03-01T00:00:29.114Z")
    assert told.log_streams == [
        LogStream(
            container="main", group="/ecs/report", stream=f"report/main/{TASK_ID}", region=REGION
        )
    ]


def test_track_run_records_that_the_job_runs_and_where_it_logs() -> None:
    core = Core()
    run = _launched(core, "airflow_batch")
    core.track(event("batch_runnable"))
    assert core.outcomes.standing(run.run_id) is None
    core.track(event("batch_running"))
    told = _told(core, run)
    assert told.started_at == "2026-03-01T00:00:41.200Z"
    stream = LogStream(
        container="default", group="/aws/batch/job", stream=JOB_STREAM, region=REGION
    )
    assert told.log_streams == [stream]
    core.track(event("batch_runnable_second_attempt"))
    assert _told(core, run) == told
    core.track(event("batch_running_second_attempt"))
    [second] = _told(core, run).log_streams
    assert (second.attempt, second.stream != JOB_STREAM) == (2, True)
    assert (_told(core, run).started_at or "") > (told.started_at or "")


def test_streams_without_a_prefix_are_recorded_when_the_task_runs() -> None:
    source = LogSource(container="main", driver="awslogs", group="/ecs/report")
    run = launched_run(definition=Definition(arn=TASK_DEFINITION, log_sources=[source]))
    record = launched_record(run, REGION, change("ecs_running"))
    assert record is not None
    assert [stream.stream for stream in record.log_streams] == [f"{TASK_ID}-1527056392"]


def test_what_logs_elsewhere_has_no_stream() -> None:
    source = LogSource(container="main", driver="splunk")
    run = launched_run(definition=Definition(arn=TASK_DEFINITION, log_sources=[source]))
    record = launched_record(run, REGION, change("ecs_running"))
    assert record is not None
    assert (record.log_streams, record.started_at is None) == ([], False)


@pytest.mark.parametrize(
    "run",
    [
        launched_run(status=Status.LAUNCHING, backend_id=None),
        launched_run(status=Status.ENDED),
        launched_run(status=Status.ACCEPTED, launch=2, backend_id=None),
    ],
)
def test_a_run_without_a_task_in_progress_has_no_launched_record(run: Run) -> None:
    assert launched_record(run, REGION) is None
    assert launched_record(run, REGION, change("ecs_running")) is None


def test_records_of_an_earlier_versions_rows_have_the_time_of_the_attempt() -> None:
    asked = launched_record(launched_run(last_attempt_at=12.5), REGION)
    accepted = launched_record(launched_run(), REGION)
    assert (asked and asked.launched_at) == 12.5
    assert (accepted and accepted.launched_at) == launched_run().created_at


def test_a_record_that_launch_run_failed_to_write_is_written_when_its_message_comes_again() -> None:
    core = Core(outcomes=BrokenOutcomes(failures=2))
    run = _accepted(core)
    for _ in range(2):
        with pytest.raises(TableDown):
            core.launch(run.run_id, 1)
        row = core.runs.get(run.run_id)
        assert row is not None
        assert (row.status, row.backend_id) == (Status.LAUNCHED, "ecs-0")
        core.clock.advance(180)
    began = core.clock() - 360
    core.launch(run.run_id, 1)
    assert (_told(core, run).backend_id, _told(core, run).launched_at) == ("ecs-0", began)
    assert len(core.ecs.launched) == 1


def test_nothing_is_recorded_before_the_row_has_the_launch() -> None:
    """A launch whose answer was lost is reported when a look-up has found it."""
    core = Core()
    run = _accepted(core, "airflow_batch")
    core.batch.launch_and_lose_the_answer()
    with pytest.raises(Exception, match="connection lost"):
        core.launch(run.run_id, 1)
    assert core.outcomes.standing(run.run_id) is None
    core.clock.advance(60)
    core.launch(run.run_id, 1)
    told = _told(core, run)
    assert (told.backend_id, told.launched_at) == ("batch-0", core.clock())
    assert len(core.batch.launched) == 1


def test_a_launch_that_an_event_reported_first_keeps_the_events_record() -> None:
    core = Core()
    run = new_run()
    core.runs.create(run)
    core.runs.begin_launch(run, core.clock(), DEFINITIONS["ecs"])
    core.track(event("ecs_running"))
    told = _told(core, run)
    core.clock.advance(1)
    core.launch(run.run_id, 1)
    assert _told(core, run) == told
    assert told.started_at is not None


def test_launch_run_records_a_launch_that_an_event_reported_first() -> None:
    """Batch says RUNNABLE long before RUNNING: launch_run doesn't wait for that."""
    core = Core()
    run = new_run("airflow_batch")
    core.runs.create(run)
    core.runs.begin_launch(run, core.clock(), DEFINITIONS["batch"])
    core.track(event("batch_runnable"))
    core.launch(run.run_id, 1)
    assert _told(core, run).backend_id == change("batch_runnable").backend_id


def test_a_stop_is_passed_on_though_the_table_is_down() -> None:
    core = Core(outcomes=BrokenOutcomes(failures=1))
    run = _launched(core)
    core.runs.request_stop(run.run_id, STOP)
    with pytest.raises(TableDown):
        core.launch(run.run_id, 1)
    assert core.ecs.stopped == [(TASK_ARN, "cleared")]


def test_a_stop_that_aws_puts_off_delays_only_the_record() -> None:
    core = Core()
    run = _launched(core)
    core.runs.request_stop(run.run_id, STOP)
    core.ecs.errors["stop"] = [Throttled("Rate exceeded")]
    core.launch(run.run_id, 1)
    since = core.clock()
    assert core.launches.messages == [{"run_id": run.run_id, "launch": 1, "since": since}]
    core.launch(run.run_id, 1)
    assert _told(core, run).backend_id == TASK_ARN


def test_a_record_that_track_run_failed_to_write_is_written_by_the_repeated_event() -> None:
    core = Core(outcomes=BrokenOutcomes(failures=1))
    run = _launched(core)
    with pytest.raises(TableDown):
        core.track(event("ecs_running"))
    assert core.outcomes.standing(run.run_id) is None
    core.track(event("ecs_running"))
    assert _told(core, run).started_at is not None


def test_an_end_needs_no_record() -> None:
    core = Core(outcomes=BrokenOutcomes(failures=9))
    run = _launched(core)
    core.track(event("ecs_stopped_exit_0"))
    assert core.finishes.messages == [{"run_id": run.run_id}]


@pytest.mark.parametrize(
    "fields",
    [
        {"launch": 2},
        {"backend_id": "another"},
        {"change_order": 5},
        {"status": Status.ENDED, "ending": Ending(code="x")},
    ],
    ids=["another launch", "another task", "late", "ended"],
)
def test_late_events_and_events_of_others_record_nothing(fields: dict[str, Any]) -> None:
    core = Core()
    run = _launched(core, **fields)
    core.track(event("ecs_running"))
    assert core.outcomes.standing(run.run_id) is None


def test_children_of_an_array_job_record_nothing_and_their_parent_may() -> None:
    core = Core()
    run = _launched(core, "airflow_batch")
    child = event("batch_running")
    child["detail"] |= {
        "jobId": f"{run.backend_id}:3",
        "arrayProperties": {"index": 3},
    }
    core.track(child)
    assert core.outcomes.standing(run.run_id) is None
    parent = event("batch_running")
    parent["detail"]["arrayProperties"] = {"size": 5}
    del parent["detail"]["container"]
    core.track(parent)
    told = _told(core, run)
    assert (told.backend_id, told.log_streams) == (run.backend_id, [])


def test_the_sweeper_records_what_no_event_reported() -> None:
    core = Core()
    run = _launched(core)
    core.ecs.records = {run.backend_id or "": event("ecs_running")["detail"]}
    core.clock.advance(900)
    core.sweep()
    assert _told(core, run).started_at == "2026-03-01T00:00:29.114Z"


def test_the_next_launch_takes_the_place_of_the_one_that_died() -> None:
    core = Core()
    run = _accepted(core)
    core.launch(run.run_id, 1)
    first = _told(core, run)
    row = core.runs.get(run.run_id)
    assert row is not None
    core.endings.after_launch(row, Ending(code="SpotInterruption"))
    relaunched = core.runs.get(run.run_id)
    assert relaunched is not None
    assert relaunched.launch == 2
    assert _told(core, run) == first
    core.clock.advance(900)
    core.launch(run.run_id, 2)
    second = _told(core, run)
    assert (second.launch, second.backend_id) == (2, "ecs-1")
    core.launch(run.run_id, 1)
    assert _told(core, run) == second
    assert replace(second, launch=1, backend_id="ecs-0", launched_at=first.launched_at) == first
