"""Reads the outcome or launch in a trigger's event, and checks that it belongs to this try."""

from __future__ import annotations

from typing import Any, NamedTuple

from msgspec import UNSET

from airflow_provider_jetbridge import settings
from airflow_provider_jetbridge.exceptions import (
    EarlierOutcome,
    ForeignOutcome,
    UnreadableOutcome,
)
from airflow_provider_jetbridge.failing import raise_unless_succeeded
from jetbridge.contract import (
    AirflowCaller,
    ContractError,
    Launched,
    Outcome,
    decode,
    inert_lines,
    run_id_of,
)


class Launch(NamedTuple):
    """A run's launch: its ECS task ARN or Batch job id, and when it was launched, in epoch
    seconds."""

    run_id: str
    backend_id: str
    launched_at: float | None = None


def caller_of(ti: Any, airflow: str | None = None) -> AirflowCaller:
    """This try of the task instance, in the form that requests use.

    Args:
        airflow: this Airflow's name in the stack. None takes ``[jetbridge] airflow``.
    """
    name = airflow or settings.airflow()
    return AirflowCaller(
        dag_id=ti.dag_id,
        run_id=ti.run_id,
        task_id=ti.task_id,
        map_index=ti.map_index,
        try_number=ti.try_number,
        ti_id=str(ti.id),
        max_tries=ti.max_tries,
        airflow=UNSET if name == settings.DEFAULT_AIRFLOW else name,
    )


def try_of(ti: Any) -> list[Any]:
    """What identifies a try: (task instance id, try number), as a JSON list.

    Airflow gives a new id to retries and clears. After a "state mismatch" failure it only increases
    the try number (airflow/models/taskinstance.py, ``prepare_db_for_next_try``).
    """
    return [str(ti.id), ti.try_number]


def outcome_of(event: dict[str, Any] | None, ti: Any, airflow: str | None = None) -> Outcome:
    """The outcome in a trigger's event, if it belongs to this try.

    It does if this try started the run or attached to it (the event's ``attached_try``).

    Raises:
        EarlierOutcome: it is that of another try of this task.
        UnreadableOutcome: it can't be read, and it is that of this try.
        ForeignOutcome: there is none, or it belongs to somebody else.
    """
    event = _present(event)
    try:
        outcome = outcome_in(event)
    except UnreadableOutcome as error:
        run_id = event.get("run_id")
        if run_id and not _is_of(event, run_id, ti, airflow):
            raise EarlierOutcome(str(error)) from error
        raise
    caller = outcome.caller
    if not isinstance(caller, AirflowCaller):
        by = inert_lines(str(caller))
        raise ForeignOutcome(f"Run {outcome.run_id} was not started by Airflow but by {by}")
    theirs = (caller.dag_id, caller.run_id, caller.task_id, caller.map_index)
    same_task = theirs == (ti.dag_id, ti.run_id, ti.task_id, ti.map_index)
    waiting = event.get("attached_try") or [caller.ti_id, caller.try_number]
    if same_task and waiting == try_of(ti):
        return outcome
    raise (EarlierOutcome if same_task else ForeignOutcome)(
        f"Run {outcome.run_id} was waited for by try {waiting[1]} of task instance {waiting[0]} "
        f"({'/'.join(map(str, theirs))}); this is try {ti.try_number} of {ti.id}. "
        f"Its outcome ({outcome.state}) is not that of this try"
    )


def _is_of(event: dict[str, Any], run_id: Any, ti: Any, airflow: str | None) -> bool:
    """Whether this try waits for the run, because it started the run or attached to it."""
    attached = event.get("attached_try") == try_of(ti)
    return attached or run_id == run_id_of(caller_of(ti, airflow).key)


def outcome_in(event: dict[str, Any] | None) -> Outcome:
    """The outcome in a trigger's event, whichever run it belongs to.

    Raises:
        UnreadableOutcome: it can't be read.
        ForeignOutcome: there is none.
    """
    event = _present(event)
    if "problem" in event:
        raise _unreadable(event, event["problem"])
    if "outcome" not in event:
        raise ForeignOutcome(f"The trigger's event carries no outcome: {event!r}")
    try:
        return decode(Outcome, event["outcome"])
    except ContractError as error:
        raise _unreadable(event, error) from error


def _present(event: dict[str, Any] | None) -> dict[str, Any]:
    """The event. The text for none is the amazon provider's (utils,
    ``validate_execute_complete_event``)."""
    if event is None:
        raise ForeignOutcome("Trigger error: event is None")
    return event


def _unreadable(event: dict[str, Any], problem: object) -> UnreadableOutcome:
    return UnreadableOutcome(
        f"The trigger's event carries no outcome of run {event.get('run_id')} that can be read: "
        f"{problem}. The container has ended; its own log says how. Clear the task to run it "
        "again, after an update of airflow-provider-jetbridge if the stack is newer"
    )


def launch_of(event: dict[str, Any] | None, ti: Any, airflow: str | None = None) -> Launch:
    """The launch in a trigger's event, or in the outcome if the run ended first.

    Raises:
        EarlierOutcome: it is that of another try of this task.
        UnreadableOutcome: it can't be read.
        ForeignOutcome: there is none.
        AirflowTaskTimeout, RunStopped, RunFailed: the run ended without ever being launched.
    """
    if event and "launched" in event:
        try:
            launched = decode(Launched, event["launched"])
        except ContractError as error:
            raise UnreadableOutcome(f"The event carries no readable launch: {error}") from error
        if not _is_of(event, launched.run_id, ti, airflow):
            raise EarlierOutcome(
                f"Run {launched.run_id} is not that of try {ti.try_number} of {ti.id}"
            )
        return Launch(launched.run_id, launched.backend_id, launched.launched_at)
    outcome = outcome_of(event, ti, airflow)
    if outcome.backend_id is None:
        raise_unless_succeeded(outcome)
    return Launch(outcome.run_id, outcome.backend_id or "")
