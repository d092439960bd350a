"""What a run waits for before its launch. launch_run and track_run write it."""

from msgspec import Struct

from jetbridge.contract import Wait, Waiting
from jetbridge.failures import POLICY, Decision, waits_until
from jetbridge.outcomes.port import WaitingRecords
from jetbridge.queues.patience import PATIENCE_SECONDS
from jetbridge.runs.run import Run
from jetbridge.secrets.late import masked_text

# A shorter wait isn't reported.
TOLD_AFTER_SECONDS = 30


def wait_for_another_launch(run: Run) -> Waiting | None:
    """The record of a run that waits for another launch because one died; None if none died."""
    if not run.deaths:
        return None
    death = run.deaths[-1]
    waits = POLICY[death.cause].decision is Decision.WAIT
    cause = death.cause.replace("_", " ")
    return Waiting(
        run_id=run.run_id,
        launch=run.launch,
        what="capacity" if waits else "another_launch",
        reason=f"launch {death.launch} ended: {cause}. AWS says: {masked_text(death.reason)}",
        since=death.at,
        until=waits_until(run),
        next_at=run.not_before,
    )


def wait_for_turn(run: Run, what: Wait, reason: str, since: float, next_at: float) -> Waiting:
    """The record of a run whose launch was put off."""
    return Waiting(
        run_id=run.run_id,
        launch=run.launch,
        what=what,
        reason=masked_text(reason),
        since=since,
        until=run.deadline or since + PATIENCE_SECONDS,
        next_at=next_at,
    )


class WaitingWriter(Struct, frozen=True):
    """Makes one conditional write for each relaunch, and one each time a launch is put off for
    longer than half a minute. Each may be repeated."""

    records: WaitingRecords

    def for_another_launch(self, run: Run) -> None:
        record = wait_for_another_launch(run)
        if record is not None:
            self.records.put_waiting(record)

    def for_job_queue(self, record: Waiting) -> None:
        """Record that the job blocks its queue."""
        self.records.put_waiting(record)

    def for_turn(self, run: Run, what: Wait, reason: str, since: float, next_at: float) -> None:
        """Record that the launch has been put off since one time, and is tried next at another
        (epoch seconds)."""
        if next_at - since >= TOLD_AFTER_SECONDS:
            self.records.put_waiting(wait_for_turn(run, what, reason, since, next_at))
