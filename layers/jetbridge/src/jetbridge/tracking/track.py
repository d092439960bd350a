"""track_run: records state changes of runs, and queues the next step after an end."""

from typing import TYPE_CHECKING

from msgspec import Struct

from jetbridge.backends.changes import from_event
from jetbridge.launching.endings import Endings
from jetbridge.progress.launched import LaunchedWriter
from jetbridge.progress.waiting import WaitingWriter
from jetbridge.queues.messages import Orphan, OrphanMessage
from jetbridge.queues.port import Queue
from jetbridge.runs.port import Runs
from jetbridge.runs.reports import StateChange
from jetbridge.runs.run import Run, Status
from jetbridge.stopping.orphans import is_orphan, orphan_of, queue_orphan
from jetbridge.tracking.blocked import blocked_by

if TYPE_CHECKING:
    from jetbridge.logs.live.owners import StreamOwners
    from jetbridge.tracking.foreign import TrackForeign


class Track(Struct, frozen=True):
    """Records state changes.

    Attributes:
        foreign: records the tasks and jobs that this stack didn't launch; None: nobody waits for
            any.
    """

    runs: Runs
    endings: Endings
    stops: Queue[OrphanMessage]
    launched: LaunchedWriter
    stack_key: str
    streams: "StreamOwners | None" = None
    waits: WaitingWriter | None = None
    foreign: "TrackForeign | None" = None

    def __call__(self, event: object) -> StateChange | None:
        """Record what an EventBridge event reports. Returns the change, or None if it belongs to no
        run and nobody waits for it.

        If an event whose end is already recorded comes again, its next step is queued again.

        Raises:
            RecordError: the event can never be recorded.
        """
        blocked = blocked_by(event, self.stack_key)
        if blocked is not None and self.waits is not None:
            self.waits.for_job_queue(blocked)
            # The sweeper stops a job that can't start, after a second look.
            self.runs.look_again(blocked.run_id, blocked.since)
        change = from_event(event, self.stack_key)
        if change is None:
            return self.foreign(event) if self.foreign is not None else None
        if not self._reported_alone(change):
            self.record(change)
        return change

    def _reported_alone(self, change: StateChange) -> bool:
        """Report a change that doesn't end a known task or job, without a write to its row: only
        the launched record says that its containers run. Returns False if the row has to be
        written."""
        if change.ending is not None:
            return False
        row = self.runs.get(change.run_id)
        if row is None or row.status is not Status.LAUNCHED:
            return False
        if (row.launch, row.backend_id) != (change.launch, change.backend_id):
            return False
        self._report(row, change)
        return True

    def _report(self, row: Run | None, change: StateChange) -> None:
        if self.streams is not None:
            self.streams.at_change(row, change)
        self.launched.at_change(row, change)

    def record(self, change: StateChange) -> None:
        """Record one state change in the row, whoever learned of it. The row shows the sweeper
        which runs it has already looked at."""
        if change.ending is not None:
            self.endings.after_change(change)
            return
        written = self.runs.apply(change)
        self._report(written.row, change)
        if not written.changed:
            self.stop_if_orphan(written.row, change)

    def stop_if_orphan(self, row: Run | None, change: StateChange) -> bool:
        """If the living task or job is an orphan, queue its stop. Returns whether it is one."""
        orphaned = is_orphan(row, change)
        if orphaned:
            queue_orphan(self.stops, orphan_of(row, change))
        return orphaned

    def stop_stuck(self, change: StateChange, code: str) -> None:
        """Queue the stop of a job that Batch can't start. The stop has Batch's code as its reason,
        so the job's end has it, too, and the run fails as misconfigured."""
        queue_orphan(
            self.stops,
            Orphan(
                backend=change.backend,
                place=change.place,
                backend_id=change.backend_id,
                reason=code,
            ),
        )
