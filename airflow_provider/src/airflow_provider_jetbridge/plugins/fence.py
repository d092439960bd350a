"""Decides whether a pushed outcome may resume a task. It needs no database."""

from __future__ import annotations

import math
from dataclasses import dataclass
from http import HTTPStatus

from airflow_provider_jetbridge import settings
from airflow_provider_jetbridge.task_instance import Task, waiting_try
from jetbridge.contract import AirflowCaller, Outcome

ENDED = frozenset({"success", "failed", "skipped", "upstream_failed", "removed", "up_for_retry"})
FAILS_WHEN_RESUMED = "__fail__"
"""``next_method`` of a task whose trigger failed or timed out (airflow/triggers/base.py)."""

TRIGGER = "airflow_provider_jetbridge.triggers.run.JetbridgeRunTrigger"


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """What a deferred task waits for.

    Attributes:
        trigger: classpath of the trigger.
        run_id: the run that the task waits for. None for a trigger that isn't Jetbridge's.
        attached_try: as in `JetbridgeRunTrigger`.
        seconds: since the task was deferred, by Airflow's clock only.
        held: as in `JetbridgeRunTrigger`.
        waits_since: as in `JetbridgeRunTrigger`. None for a trigger of an earlier version.
    """

    trigger: str
    run_id: str | None
    attached_try: list[object] | None
    seconds: float
    held: bool = True
    waits_since: float | None = None


@dataclass(frozen=True, kw_only=True)
class TaskTry:
    """The current try of a task instance, from the locked row.

    ``resumed_with`` is the run whose event the row already has. It stays while the task runs
    (execution_api/routes/task_instances.py, ``ti_run``). Airflow 3.0 keeps it for the next try,
    too.
    """

    ti_id: str
    try_number: int
    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    state: str | None
    next_method: str | None
    resumed_with: str | None
    waiting: Waiting | None


class Refusal(Exception):
    """The task isn't resumed.

    ``retry_after`` is in whole seconds, as in the header. None if no later request can succeed.
    """

    def __init__(self, status: HTTPStatus, detail: str, retry_after: int | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.retry_after = retry_after


def airflow_caller(outcome: Outcome) -> AirflowCaller:
    """The caller that waits for the outcome.

    Raises:
        Refusal: 422, because no Airflow task waits for it.
    """
    if not isinstance(outcome.caller, AirflowCaller):
        raise Refusal(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            f"outcome.caller: is a {type(outcome.caller).__name__}. Only outcomes of runs "
            "that an Airflow task started can be pushed",
        )
    return outcome.caller


def gone(ti_id: str, try_number: int) -> Refusal:
    return Refusal(HTTPStatus.GONE, f"Try {try_number} of task instance {ti_id} is gone")


def check(task: TaskTry, try_number: int, outcome: Outcome) -> Waiting:
    """Return what the task waits for, if this outcome may resume it now.

    Raises:
        Refusal: 410, 409, 422 or 425. docs/reference/contract.md explains each.
    """
    if task.try_number != try_number or task.state == "restarting":
        raise gone(task.ti_id, try_number)
    _check_caller(task, airflow_caller(outcome))
    if task.state != "deferred":
        raise _not_deferred(task, outcome.run_id)
    waiting = task.waiting
    if waiting is None or waiting.trigger != TRIGGER or waiting.run_id != outcome.run_id:
        raise Refusal(HTTPStatus.CONFLICT, f"The task doesn't wait for run {outcome.run_id}")
    _check_try(task, waiting, airflow_caller(outcome))
    hold = settings.resume_hold_seconds() - waiting.seconds
    if waiting.held and hold > 0:
        raise Refusal(
            HTTPStatus.TOO_EARLY,
            f"The task was deferred {waiting.seconds:.1f} s ago; Airflow fails tasks that are "
            "resumed so early",
            retry_after=math.ceil(hold),
        )
    return waiting


def _check_caller(task: TaskTry, caller: AirflowCaller) -> None:
    theirs = Task.of(caller)
    if theirs != Task.of(task):
        raise Refusal(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            f"outcome.caller: is {theirs}, but the task instance is another. "
            "Send the outcome to the task instance that started the run",
        )


def _check_try(task: TaskTry, waiting: Waiting, caller: AirflowCaller) -> None:
    waits = waiting_try(caller, waiting.attached_try)
    if waits != [task.ti_id, task.try_number]:
        raise Refusal(HTTPStatus.GONE, f"The outcome belongs to try {waits[1]} of {waits[0]}")


def _not_deferred(task: TaskTry, run_id: str) -> Refusal:
    if task.state in ENDED or task.state == "awaiting_input":
        return Refusal(HTTPStatus.CONFLICT, f"The task is {task.state}")
    if task.resumed_with == run_id or task.next_method == FAILS_WHEN_RESUMED:
        return Refusal(HTTPStatus.CONFLICT, f"The task was resumed and is {task.state}")
    return Refusal(
        HTTPStatus.TOO_EARLY,
        f"The task is {task.state or 'not scheduled'} and hasn't been deferred yet",
        retry_after=max(1, math.ceil(settings.resume_hold_seconds())),
    )
