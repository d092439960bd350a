"""Orphans: containers with Jetbridge's token that no row accounts for. stop_run stops them."""

import time
from collections.abc import Callable, Mapping

from msgspec import Struct

from jetbridge.backends.port import Backend, Throttled, Unanswered
from jetbridge.failures import LOST_CODE
from jetbridge.queues.messages import Orphan, OrphanMessage
from jetbridge.queues.patience import PATIENCE, is_over, throttled_seconds
from jetbridge.queues.port import GiveUp, Queue
from jetbridge.runs.reports import StateChange
from jetbridge.runs.run import Run, Status


def is_orphan(row: Run | None, change: StateChange) -> bool:
    """Whether the task or job of this change is an orphan. The change isn't an end.

    ``row`` is the row of the change's run. It was read after the task or job existed. An orphan
    stays an orphan: a row is written before anything is launched, a launch keeps the first task or
    job that it learned of, launch numbers only rise, and an end is final.
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
    # An end that AWS reported is newer than this change, which came late.
    reported = row.backend_id is not None and row.ending is not None
    return row.status is Status.ENDED and not (reported and not _is_lost(row))


def _is_lost(row: Run) -> bool:
    return row.ending is not None and row.ending.code == LOST_CODE


def orphan_of(row: Run | None, change: StateChange) -> Orphan:
    """The task or job to stop, and the reason."""
    if row is None:
        why = f"Jetbridge doesn't know run {change.run_id}"
    elif row.launch != change.launch:
        why = f"run {row.run_id} is at launch {row.launch}"
    elif row.status is Status.ENDED:
        why = f"run {row.run_id} has ended"
    else:
        why = f"launch {row.launch} of run {row.run_id} is {row.backend_id}"
    return Orphan(
        backend=change.backend, place=change.place, backend_id=change.backend_id, reason=why
    )


def queue_orphan(stops: Queue[OrphanMessage], orphan: Orphan) -> None:
    """Queue the stop of an orphan. May be repeated."""
    stops.send(OrphanMessage(orphan=orphan))


class StopOrphan(Struct, frozen=True):
    backends: Mapping[str, Backend]
    stops: Queue[OrphanMessage]
    clock: Callable[[], float] = time.time

    def __call__(self, orphan: Orphan, since: float | None = None) -> None:
        """Stop the orphan's task or job. If AWS throttles the call, send the message again later.

        Args:
            since: when AWS first throttled the call, epoch seconds; None: it hasn't yet.

        Raises:
            GiveUp: AWS has throttled the call for too long.
        """
        backend = self.backends[orphan.backend]
        try:
            backend.stop(orphan.backend_id, {"cluster": orphan.place}, orphan.reason)
        except (Throttled, Unanswered) as later:
            self._again(orphan, since, later)

    def _again(self, orphan: Orphan, since: float | None, later: Exception) -> None:
        now = self.clock()
        began = now if since is None else since
        if is_over(began, now):
            what = f"the stop of {orphan.backend_id} ({orphan.reason})"
            raise GiveUp(f"AWS has put off {what}, for {PATIENCE}: {later}")
        message = OrphanMessage(orphan=orphan, since=began)
        self.stops.send(message, throttled_seconds(began, now))
