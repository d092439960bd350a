"""Makes the events of triggers."""

from __future__ import annotations

from typing import Any

from jetbridge.contract import ContractError, Launched, clean, read_record, to_builtins


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
