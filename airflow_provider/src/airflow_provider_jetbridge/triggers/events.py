"""Makes the events of triggers."""

from __future__ import annotations

import traceback
from typing import Any, NoReturn

from jetbridge.contract import ContractError, Launched, carried, clean, read_record, to_builtins


def outcome_event(run_id: str, record: str, log: Any) -> dict[str, Any]:
    """The event for an outcome (JSON text). It has ``problem`` if the outcome can't be read."""
    event: dict[str, Any] = {"run_id": clean(run_id)}
    try:
        return event | {"outcome": read_record(record)}
    except ContractError as error:
        log.error("The outcome of run %s can't be read: %s", run_id, error)
        return event | {"problem": clean(str(error))}


def launch_event(run_id: str, launched: Launched) -> dict[str, Any]:
    """The event for a launch."""
    return {"run_id": clean(run_id), "launched": to_builtins(launched)}


def with_wait(
    event: dict[str, Any], waits_since: float | None, attached_try: list[Any] | None
) -> dict[str, Any]:
    """The event with what the resumed task has to know about its wait. The trigger and the push
    endpoint send the same event.

    Args:
        waits_since, attached_try: as in `JetbridgeRunTrigger`.
    """
    event = {**event, "waits_since": waits_since}
    return event if attached_try is None else {**event, "attached_try": carried(attached_try).value}


def raise_carriable(error: Exception) -> NoReturn:
    """Raise the error, or another error with the same message in text that Airflow can carry.

    Airflow sends the traceback's text in the same message as events (triggerer_job_runner.py,
    ``process_trigger_events``).
    """
    text = "".join(traceback.format_exception(error))
    if clean(text) == text:
        raise error
    raise RuntimeError(clean(f"{type(error).__name__}: {error}")) from None
