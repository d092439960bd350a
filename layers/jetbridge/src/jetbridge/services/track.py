"""track_run: one conditional write per state change; what follows an end is sent on."""

from dataclasses import dataclass

from jetbridge.domain.changes import Record, from_event
from jetbridge.domain.run import StateChange
from jetbridge.runs.port import Runs
from jetbridge.services.endings import Endings


@dataclass(frozen=True)
class Track:
    runs: Runs
    endings: Endings
    stack_key: str

    def __call__(self, event: Record) -> StateChange | None:
        """Record what an EventBridge event reports; returns it, or None if it isn't ours.

        A repeated event whose end was committed sends on again what follows it.
        """
        change = from_event(event, self.stack_key)
        if change is not None:
            self.record(change)
        return change

    def record(self, change: StateChange) -> None:
        """Record one state change, wherever it was learned."""
        if change.ending is not None:
            self.endings.of_change(change, change.ending)
        else:
            self.runs.apply(change)
