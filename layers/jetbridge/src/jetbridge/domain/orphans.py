"""Containers that carry Jetbridge's token and that no row accounts for."""

from typing import Annotated

from msgspec import Meta, Struct

from jetbridge.domain.failures import LOST_CODE
from jetbridge.domain.run import Run, StateChange, Status


class Orphan(Struct, frozen=True, kw_only=True):
    """A task or job to be stopped by its own name, since no row leads to it."""

    backend: Annotated[str, Meta(pattern=r"^(ecs|batch)\Z")]
    place: str
    backend_id: str
    reason: str


def is_orphan(row: Run | None, change: StateChange) -> bool:
    """Whether the task or job of a change that isn't an end has no business to go on.

    ``row`` is the row of the change's run, read after the task or job was there. A row is written
    before anything is launched, a launch keeps the first task or job that it heard of, launches
    are counted upwards and an end stays: an orphan never becomes anything else.
    """
    if row is None:
        return True
    if row.place != change.place or row.launch < change.launch:
        return False
    if row.definition is not None and row.definition.arn != change.definition:
        return False
    if row.launch > change.launch:
        return all(death.backend_id != change.backend_id for death in row.deaths)
    if row.backend_id is not None and row.backend_id != change.backend_id:
        return True
    # An end that AWS reported is newer than the change, which came late.
    reported = row.backend_id is not None and row.ending is not None
    return row.status is Status.ENDED and not (reported and not _is_lost(row))


def _is_lost(row: Run) -> bool:
    return row.ending is not None and row.ending.code == LOST_CODE


def orphan_of(row: Run | None, change: StateChange) -> Orphan:
    """What is to be stopped, and why."""
    if row is None:
        why = f"Jetbridge knows no run {change.run_id}"
    elif row.launch != change.launch:
        why = f"run {row.run_id} is at launch {row.launch}"
    elif row.status is Status.ENDED:
        why = f"run {row.run_id} has ended"
    else:
        why = f"launch {row.launch} of run {row.run_id} is {row.backend_id}"
    return Orphan(
        backend=change.backend, place=change.place, backend_id=change.backend_id, reason=why
    )
