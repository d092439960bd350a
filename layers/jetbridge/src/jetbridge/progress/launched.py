"""What a run was launched as. launch_run and track_run write it."""

from dataclasses import dataclass

from jetbridge.contract import Launched
from jetbridge.logs.run_streams import named_streams
from jetbridge.outcomes.port import LaunchedRecords
from jetbridge.runs.run import Run, StateChange, Status

# Before any state change that AWS reports: ECS counts a task's versions from 1, and the ranks of
# Batch's statuses begin with 0.
BEFORE_ALL_CHANGES = -1


def launched_record(run: Run, region: str, change: StateChange | None = None) -> Launched | None:
    """What to report of a run's current launch; None if AWS has no task or job of it.

    Args:
        region: of the run, and of its log groups unless their definition names another.
        change: that the containers run.
    """
    if run.status is not Status.LAUNCHED or run.backend_id is None:
        return None
    ecs = run.backend == "ecs"
    return Launched(
        run_id=run.run_id,
        backend=run.request.backend,
        region=region,
        backend_id=run.backend_id,
        launch=run.launch,
        # Rows of earlier versions don't have it.
        launched_at=run.launched_at or run.last_attempt_at or run.created_at,
        cluster=run.place if ecs else None,
        job_queue=None if ecs else run.place,
        definition=run.definition.arn if run.definition else None,
        log_streams=named_streams(run, change.log_names, region) if change else [],
        started_at=change.started_at if change else None,
    )


def is_current(run: Run, change: StateChange) -> bool:
    """Whether the row stands where the change says: it was the last one written, and not a late
    one, nor one of another launch, task or job."""
    known = (run.launch, run.backend_id, run.change_order)
    return known == (change.launch, change.backend_id, change.order)


@dataclass(frozen=True)
class LaunchedWriter:
    """One conditional write for a launch, and one when its containers run.

    It comes after the row's own write: should it fail or the function die before it, the message
    comes again, finds the row written and gets here once more.
    """

    records: LaunchedRecords
    region: str

    def at_launch(self, run: Run) -> None:
        """Of a run that was launched. May be repeated."""
        record = launched_record(run, self.region)
        if record is not None:
            self.records.put_launched(record, BEFORE_ALL_CHANGES)

    def at_change(self, run: Run | None, change: StateChange) -> None:
        """Of a change, and the run's row as it is after it. May be repeated."""
        if run is None or not change.running or not is_current(run, change):
            return
        record = launched_record(run, self.region, change)
        if record is not None:
            self.records.put_launched(record, change.order)
