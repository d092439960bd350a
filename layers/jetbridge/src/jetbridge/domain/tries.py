"""Tries of one Airflow task instance: which comes later, and which takes a run over."""

from uuid import UUID

from msgspec.structs import replace

from jetbridge.contract import AirflowCaller, State
from jetbridge.domain.failures import judge
from jetbridge.domain.run import Run, Status


def is_later(caller: AirflowCaller, other: AirflowCaller) -> bool:
    """Whether the caller's try came after the other.

    Airflow makes the ids of task instances as UUIDs of version 7, which rise with time, also
    where a DAG run was deleted and its tries are counted from 1 again. Tries that share an id
    ("state mismatch") have rising numbers.
    """
    ours, theirs = _time_ordered(caller.ti_id), _time_ordered(other.ti_id)
    if ours is not None and theirs is not None and ours != theirs:
        return ours > theirs
    return caller.try_number > other.try_number


def takes_over(caller: AirflowCaller, earlier: Run) -> bool:
    """Whether a try that asked to attach gets the run of an earlier one.

    It gets a run that goes on, or one that succeeded without Airflow having heard: the earlier
    try was lost, since Airflow retries none that succeeded. A clear, which raises ``max_tries``,
    starts anew; so does a try after a run that failed or was stopped.
    """
    before = earlier.caller
    if not isinstance(before, AirflowCaller) or earlier.stop is not None:
        return False
    if earlier.status is not Status.ENDED:
        return before.max_tries == caller.max_tries or None in (before.max_tries, caller.max_tries)
    if earlier.ending is None or before.max_tries is None:
        return False
    succeeded = judge(earlier.ending, earlier.definition).state is State.SUCCEEDED
    return succeeded and before.max_tries == caller.max_tries


def attached(alias: Run, to: Run) -> Run:
    """The row of a try that took another run over: it only answers repeated requests."""
    return replace(
        alias, attached_to=to.run_id, status=Status.ENDED, handed_over=True, finished=True
    )


def _time_ordered(ti_id: str) -> UUID | None:
    try:
        parsed = UUID(ti_id)
    except ValueError:
        return None
    return parsed if parsed.version == 7 else None
