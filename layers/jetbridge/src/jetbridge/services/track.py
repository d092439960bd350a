"""track_run: one conditional write per state change; an ended run is handed over."""

from dataclasses import dataclass

from jetbridge.domain.changes import Record, from_event
from jetbridge.domain.run import StateChange
from jetbridge.runs.port import Runs
from jetbridge.services.hand_over import HandOver


@dataclass(frozen=True)
class Track:
    runs: Runs
    hand_over: HandOver
    stack_key: str

    def __call__(self, event: Record) -> StateChange | None:
        """Record what an EventBridge event reports; returns it, or None if it isn't ours.

        A repeated event whose end was committed but not handed over hands over again.
        """
        change = from_event(event, self.stack_key)
        if change is not None:
            self.record(change)
        return change

    def record(self, change: StateChange) -> None:
        """Record one state change, wherever it was learned."""
        run = self.runs.apply(change)
        if run is None and change.ending is not None:
            run = self.runs.get(change.run_id)
        self.hand_over(run)
