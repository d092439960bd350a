"""The stop request: end runs that nobody wants any more."""

from enum import StrEnum
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct


class StopCause(StrEnum):
    STOPPED_BY_USER = "stopped_by_user"
    TIMEOUT = "timeout"


class StopRequest(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Stop these runs.

    Attributes:
        run_ids: up to 100.
        reason: shown as the reason in AWS and in Airflow (ECS StopTask, Batch TerminateJob).
        by: who asks. The run's row and its outcome keep it.
        callers: by run id, the key of the caller who no longer wants the run
            (``AirflowCaller.key``). That run is stopped only while this caller waits for it, and
            not if a later try of the task has taken it over.
    """

    run_ids: Annotated[list[str], Meta(min_length=1, max_length=100)]
    reason: Annotated[str, Meta(min_length=1, max_length=255)]
    cause: StopCause = StopCause.STOPPED_BY_USER
    by: Annotated[str, Meta(max_length=255)] = ""
    callers: Annotated[dict[str, str], Meta(max_length=100)] = {}
    version: Literal[1] = 1


def with_ids_as_text(payload: Any) -> Any:
    """The payload of a stop request with each id as text. An invalid id then counts as unknown and
    doesn't keep the other runs from being stopped."""
    ids = payload.get("run_ids") if isinstance(payload, dict) else None
    if not isinstance(ids, list):
        return payload
    return payload | {"run_ids": [_as_text(each) for each in ids]}


def _as_text(run_id: Any) -> str:
    text = run_id if isinstance(run_id, str) else f"{type(run_id).__name__} {str(run_id)[:40]}"
    return text.encode(errors="replace").decode().replace("\0", "?")


class StopAnswer(Struct, frozen=True, kw_only=True):
    """What the stop request did to each run, by run id.

    Attributes:
        stopping: the run's row has the stop request, and AWS stops the run now or later.
        unknown: there is no run with this id.
        taken_over: the run keeps running, because another caller than the one in ``callers`` waits
            for it.
        refused: why the run could not be stopped: AWS refuses the call, the run's row can't be
            written or read, or the caller may not stop it. If the row has the stop request, the
            sweeper tries again.
    """

    stopping: list[str]
    already_ended: list[str]
    unknown: list[str]
    taken_over: list[str] = []
    refused: dict[str, str] = {}
    version: Literal[1] = 1
