"""Which pushes resume a task, which come too late or too early, and which are for another."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import pytest

from airflow_provider_jetbridge.plugins.fence import (
    TRIGGER,
    Refusal,
    TaskTry,
    Waiting,
    airflow_caller,
    check,
)
from jetbridge.contract import AirflowCaller, Outcome, PersonCaller

TI_ID = "0199d6a0-7a3e-7c62-9a0e-0d1f6c3d2b11"
RUN = "01k8run"
OTHER_TI_ID = "0199d6a0-7a3e-7c62-9a0e-0d1f6c3d2b12"


def waiting(**changes: Any) -> Waiting:
    fields = {"trigger": TRIGGER, "run_id": RUN, "attached_try": None, "seconds": 15.0}
    return Waiting(**{**fields, **changes})


def task(**changes: Any) -> TaskTry:
    fields = {
        "ti_id": TI_ID,
        "try_number": 2,
        "dag_id": "dag",
        "run_id": "scheduled__2026-01-01T00:00:00+00:00",
        "task_id": "job",
        "map_index": -1,
        "state": "deferred",
        "next_method": "execute_complete",
        "resumed_with": None,
        "waiting": waiting(),
    }
    return TaskTry(**{**fields, **changes})


def refusal(task: TaskTry, outcome: Any, try_number: int = 2) -> Refusal:
    with pytest.raises(Refusal) as raised:
        check(task, try_number, outcome)
    return raised.value


def test_a_task_that_waits_for_the_run_is_resumed(make_outcome: Callable[..., Outcome]) -> None:
    assert check(task(), 2, make_outcome()) == waiting()


@pytest.mark.parametrize("changes", [{"try_number": 3}, {"state": "restarting"}])
def test_another_try_is_gone(make_outcome: Callable[..., Outcome], changes: dict[str, Any]) -> None:
    refused = refusal(task(**changes), make_outcome())
    assert (refused.status, refused.retry_after) == (HTTPStatus.GONE, None)


@pytest.mark.parametrize(
    "state",
    ["success", "failed", "skipped", "upstream_failed", "removed", "up_for_retry"],
)
def test_a_task_that_has_ended_is_not_resumed(
    make_outcome: Callable[..., Outcome], state: str
) -> None:
    refused = refusal(task(state=state, waiting=None), make_outcome())
    assert refused.status is HTTPStatus.CONFLICT


RESUMED_STATES = [None, "scheduled", "queued", "running", "up_for_reschedule"]


@pytest.mark.parametrize("state", RESUMED_STATES)
def test_a_task_resumed_with_the_run_is_not_resumed_again(
    make_outcome: Callable[..., Outcome], state: Any
) -> None:
    refused = refusal(task(state=state, waiting=None, resumed_with=RUN), make_outcome())
    assert refused.status is HTTPStatus.CONFLICT


@pytest.mark.parametrize("state", RESUMED_STATES)
def test_a_task_that_was_resumed_to_fail_is_not_resumed(
    make_outcome: Callable[..., Outcome], state: Any
) -> None:
    refused = refusal(task(state=state, waiting=None, next_method="__fail__"), make_outcome())
    assert refused.status is HTTPStatus.CONFLICT


@pytest.mark.parametrize("state", RESUMED_STATES)
@pytest.mark.parametrize(
    ("next_method", "resumed_with"),
    [
        (None, None),
        # Airflow 3.0 leaves an earlier try's event where it is.
        ("execute_complete", "the-run-of-try-1"),
    ],
)
def test_a_task_that_has_not_been_deferred_is_too_early(
    make_outcome: Callable[..., Outcome],
    state: Any,
    next_method: str | None,
    resumed_with: str | None,
) -> None:
    running = task(state=state, waiting=None, next_method=next_method, resumed_with=resumed_with)
    refused = refusal(running, make_outcome())
    assert (refused.status, refused.retry_after) == (HTTPStatus.TOO_EARLY, 15)


@pytest.mark.parametrize(
    "waits",
    [
        None,
        waiting(run_id="another-run"),
        waiting(trigger="airflow.providers.standard.triggers.temporal.DateTimeTrigger"),
    ],
)
def test_a_task_that_waits_for_something_else_is_left_alone(
    make_outcome: Callable[..., Outcome], waits: Any
) -> None:
    assert refusal(task(waiting=waits), make_outcome()).status is HTTPStatus.CONFLICT


@pytest.mark.parametrize(
    ("seconds", "retry_after"), [(0.0, 15), (0.3, 15), (14.2, 1), (14.99, 1), (-2.0, 17)]
)
def test_a_task_that_was_just_deferred_is_held(
    make_outcome: Callable[..., Outcome], seconds: float, retry_after: int
) -> None:
    refused = refusal(task(waiting=waiting(seconds=seconds)), make_outcome())
    assert (refused.status, refused.retry_after) == (HTTPStatus.TOO_EARLY, retry_after)


def test_where_airflow_fails_no_early_resume_nothing_is_held(
    make_outcome: Callable[..., Outcome],
) -> None:
    assert check(task(waiting=waiting(seconds=0.0, held=False)), 2, make_outcome())


def test_the_hold_is_configured(
    make_outcome: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__JETBRIDGE__RESUME_HOLD_SECONDS", "0")
    assert check(task(waiting=waiting(seconds=0.0)), 2, make_outcome())


@pytest.mark.parametrize(
    ("field", "value"),
    [("dag_id", "d"), ("run_id", "r"), ("task_id", "t"), ("map_index", 0)],
)
def test_the_outcome_of_another_task_is_refused(
    make_outcome: Callable[..., Outcome], field: str, value: Any
) -> None:
    refused = refusal(task(**{field: value}), make_outcome())
    assert refused.status is HTTPStatus.UNPROCESSABLE_ENTITY
    assert refused.detail.startswith("outcome.caller: is dag/scheduled__")


def caller_with(**changes: Any) -> AirflowCaller:
    fields = {
        "dag_id": "dag",
        "run_id": "scheduled__2026-01-01T00:00:00+00:00",
        "task_id": "job",
        "try_number": 2,
        "ti_id": TI_ID,
    }
    return AirflowCaller(**{**fields, **changes})


@pytest.mark.parametrize("changes", [{"try_number": 1}, {"ti_id": OTHER_TI_ID}])
def test_the_outcome_of_another_try_is_refused_unless_this_one_attached(
    make_outcome: Callable[..., Outcome], changes: dict[str, Any]
) -> None:
    outcome = make_outcome(caller=caller_with(**changes))
    assert refusal(task(), outcome).status is HTTPStatus.GONE
    attached = waiting(attached_try=[TI_ID, 2])
    assert check(task(waiting=attached), 2, outcome) == attached


def test_what_airflow_did_not_start_is_refused(make_outcome: Callable[..., Outcome]) -> None:
    with pytest.raises(Refusal, match="PersonCaller") as raised:
        airflow_caller(make_outcome(caller=PersonCaller(name="somebody")))
    assert raised.value.status is HTTPStatus.UNPROCESSABLE_ENTITY
