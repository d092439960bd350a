"""Tell those who wait for a run what it was launched as: launch_run and track_run know it."""

from dataclasses import dataclass

from jetbridge.domain.launched import BEFORE_ALL_CHANGES, is_current, launched_record
from jetbridge.domain.run import Run, StateChange
from jetbridge.outcomes.port import LaunchedRecords


@dataclass(frozen=True)
class TellLaunched:
    """One conditional write for a launch, and one when its containers run.

    It comes after the row's own write: should it fail or the function die before it, the message
    comes again, finds the row written and gets here once more.
    """

    records: LaunchedRecords
    region: str

    def of_launch(self, run: Run) -> None:
        """Of a run that was launched. May be repeated."""
        record = launched_record(run, self.region)
        if record is not None:
            self.records.put_launched(record, BEFORE_ALL_CHANGES)

    def of_change(self, run: Run | None, change: StateChange) -> None:
        """Of a change, and the run's row as it is after it. May be repeated."""
        if run is None or not change.running or not is_current(run, change):
            return
        record = launched_record(run, self.region, change)
        if record is not None:
            self.records.put_launched(record, change.order)
