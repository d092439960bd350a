"""Reads the outcome or launch in a trigger's event, and checks that it belongs to this try."""

from __future__ import annotations

from typing import Any, NamedTuple

from airflow_provider_jetbridge.exceptions import (
    EarlierOutcome,
    ForeignOutcome,
    UnreadableOutcome,
)
from airflow_provider_jetbridge.failing import raise_unless_succeeded
from airflow_provider_jetbridge.task_instance import Task, caller_of, try_of, waiting_try
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
        outcome = _outcome(event)
    except UnreadableOutcome as error:
        run_id = event.get("run_id")
        if run_id and not _is_of(event, run_id, ti, airflow):
            raise EarlierOutcome(str(error)) from error
        raise
    caller = outcome.caller
    if not isinstance(caller, AirflowCaller):
        by = inert_lines(str(caller))
        raise ForeignOutcome(f"Run {outcome.run_id} was not started by Airflow but by {by}")
    task = Task.of(caller)
    waiting = waiting_try(caller, event.get("attached_try"))
    if task == Task.of(ti) and waiting == try_of(ti):
        return outcome
    raise (EarlierOutcome if task == Task.of(ti) else ForeignOutcome)(
        f"Run {outcome.run_id} belongs to try {waiting[1]} of task instance {waiting[0]} "
        f"({task}). This is try {ti.try_number} of {ti.id}, so the outcome ({outcome.state}) isn't "
        "that of this try"
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
    return _outcome(_present(event))


def _outcome(event: dict[str, Any]) -> Outcome:
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
