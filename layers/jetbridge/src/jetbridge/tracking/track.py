"""track_run: one conditional write per state change; what follows an end is sent on."""

from dataclasses import dataclass

from jetbridge.backends.changes import from_event
from jetbridge.launching.endings import Endings
from jetbridge.logs.live.owners import StreamOwners
from jetbridge.progress.launched import LaunchedWriter
from jetbridge.progress.waiting import WaitingWriter
from jetbridge.queues.port import Queue
from jetbridge.runs.port import Runs
from jetbridge.runs.run import Run, StateChange
from jetbridge.stopping.orphans import is_orphan, orphan_of, queue_orphan
from jetbridge.tracking.blocked import blocked_by


@dataclass(frozen=True)
class Track:
    runs: Runs
    endings: Endings
    stops: Queue
    launched: LaunchedWriter
    stack_key: str
    streams: StreamOwners | None = None
    waits: WaitingWriter | None = None

    def __call__(self, event: object) -> StateChange | None:
        """Record what an EventBridge event reports; returns it, or None if it isn't ours.

        A repeated event whose end was committed sends on again what follows it.

        Raises:
            RecordError: it can never be recorded.
        """
        blocked = blocked_by(event, self.stack_key)
        if blocked is not None and self.waits is not None:
            self.waits.for_job_queue(blocked)
        change = from_event(event, self.stack_key)
        if change is not None:
            self.record(change)
        return change

    def record(self, change: StateChange) -> None:
        """Record one state change, wherever it was learned."""
        if change.ending is not None:
            self.endings.after_change(change, change.ending)
            return
        written = self.runs.apply(change)
        if self.streams is not None:
            self.streams.at_change(written.row, change)
        self.launched.at_change(written.row, change)
        if not written.changed:
            self.stop_if_orphan(written.row, change)

    def stop_if_orphan(self, row: Run | None, change: StateChange) -> bool:
        """Queue the stop of a living task or job that ``row`` doesn't account for; whether it
        is one."""
        orphaned = is_orphan(row, change)
        if orphaned:
            queue_orphan(self.stops, orphan_of(row, change))
        return orphaned
