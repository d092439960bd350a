"""A run's moments, joined from records whose content is known."""

from typing import Any

import pytest

from benchmarks.lag.measurements import Measurement, Missing, Passage, TaskEnd, measure, passage
from benchmarks.lag.plan import Kind, PlannedRun

RUN = PlannedRun(name="run-001", kind=Kind.FEED_ECS, after=1.0, seconds=20.0)
RUN_ID = "01abc"
STREAM = "ecs/main/1"


def a_task_end(state: str | None = "success", ended: float | None = 102.0) -> TaskEnd:
    return TaskEnd(state=state, started=70.0, resumed=101.0, queued=101.5, ended=ended)


def a_call(time: float, function: str, operation: str, **identifiers: Any) -> dict[str, Any]:
    caller = f"jetbridge-{function}"
    return {"time": time, "caller": caller, "operation": operation, "identifiers": identifiers}


def triggerer_s(time: float, operation: str, **identifiers: Any) -> dict[str, Any]:
    return a_call(time, "", operation, **identifiers) | {"caller": "airflow"}


def of_run(run_id: str) -> dict[str, Any]:
    return {"TableName": "runs", "Key": {"run_id": {"S": run_id}}}


CALLS = [
    a_call(90.0, "track-run", "UpdateItem", **of_run(RUN_ID)),
    a_call(100.1, "track-run", "GetItem", **of_run("another")),
    a_call(100.2, "track-run", "GetItem", **of_run(RUN_ID)),
    a_call(100.3, "track-run", "UpdateItem", **of_run(RUN_ID)),
    a_call(100.4, "finish-run", "GetItem", **of_run(RUN_ID)),
    a_call(100.5, "finish-run", "GetLogEvents", logStreamName=STREAM),
    a_call(100.6, "finish-run", "GetLogEvents", logStreamName="another"),
    a_call(101.5, "finish-run", "GetLogEvents", logStreamName=STREAM),
    a_call(101.6, "finish-run", "PutItem"),
    a_call(102.0, "copy-logs", "GetLogEvents", logStreamName=STREAM),
    triggerer_s(101.25, "Query", IndexName="finished"),
    triggerer_s(102.1, "Query", IndexName="another"),
    triggerer_s(102.2, "BatchGetItem", RequestItems=["outcomes"]),
    triggerer_s(102.25, "Query", IndexName="finished"),
    a_call(102.3, "notify-airflow", "GetItem", **of_run("another")),
    a_call(102.5, "notify-airflow", "GetItem", **of_run(RUN_ID)),
    a_call(103.0, "finish-run", "GetLogEvents", logStreamName=STREAM),
]


def the_passage(*, pushed: bool = False, sealed: float = 101.6) -> Passage:
    return passage(RUN_ID, 100.0, pushed=pushed, sealed=sealed, streams=[STREAM], calls=CALLS)


def test_the_lag_is_from_the_job_s_end_to_the_task_s() -> None:
    found = measure(RUN, a_task_end(), 100.25)
    assert isinstance(found, Measurement)
    assert (found.lag, found.took) == (1.75, 32.0)


@pytest.mark.parametrize(
    ("task", "stopped", "reason"),
    [
        (None, 100.0, "no task instance"),
        (a_task_end("failed"), 100.0, "failed"),
        (a_task_end("deferred", None), 100.0, "deferred"),
        (a_task_end(None, None), None, "not begun"),
        (a_task_end("success", None), 100.0, "no end"),
        (a_task_end(), None, "no stopped job"),
        (a_task_end(), 102.5, "0.500 s before its job"),
    ],
)
def test_a_run_that_was_not_measured_is_missing_with_a_reason(
    task: TaskEnd | None, stopped: float | None, reason: str
) -> None:
    found = measure(RUN, task, stopped)
    assert isinstance(found, Missing)
    assert reason in found.reason


def test_the_way_through_the_functions_is_that_of_the_run_s_own_calls() -> None:
    found = the_passage()
    assert (found.tracked, found.begun, found.looked, found.settled, found.sealed) == (
        100.2,
        100.4,
        100.5,
        101.5,
        101.6,
    )


def test_settling_is_from_the_first_look_for_lines_to_the_last() -> None:
    assert the_passage().settling == 1.0


def test_a_run_whose_lines_were_there_did_not_settle() -> None:
    assert the_passage(sealed=100.55).settling == 0.0


def test_a_figure_without_a_call_is_not_known() -> None:
    found = passage("unheard-of", 100.0, pushed=True, sealed=None, streams=[], calls=CALLS)
    assert (found.tracked, found.begun, found.looked, found.settled) == (None, None, None, None)
    assert (found.notified, found.settling) == (None, None)


def test_airflow_learns_of_a_pushed_run_when_notify_airflow_takes_up_the_notice() -> None:
    assert the_passage(pushed=True).notified == 102.5


def test_airflow_learns_of_any_other_run_when_the_triggerer_reads_the_feed_after_the_sealing() -> (
    None
):
    assert the_passage(pushed=False).notified == 102.25
