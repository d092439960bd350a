"""Tell those who wait for a run why it isn't launched yet: launch_run and track_run know it."""

from dataclasses import dataclass

from jetbridge.contract import Wait, Waiting
from jetbridge.domain.run import Run
from jetbridge.domain.waiting import (
    TOLD_AFTER_SECONDS,
    wait_for_another_launch,
    wait_for_turn,
)
from jetbridge.outcomes.port import WaitingRecords


@dataclass(frozen=True)
class TellWaiting:
    """One conditional write for each launch that replaces one, and for each time that a launch
    is put off for longer than half a minute. May be repeated."""

    records: WaitingRecords

    def for_another_launch(self, run: Run) -> None:
        record = wait_for_another_launch(run)
        if record is not None:
            self.records.put_waiting(record)

    def for_job_queue(self, record: Waiting) -> None:
        """Of a job that blocks its queue."""
        self.records.put_waiting(record)

    def for_turn(self, run: Run, what: Wait, reason: str, since: float, next_at: float) -> None:
        """Of a launch that has been put off since then, and is tried next then, epoch seconds."""
        if next_at - since >= TOLD_AFTER_SECONDS:
            self.records.put_waiting(wait_for_turn(run, what, reason, since, next_at))
