"""What a run has become in AWS, while it goes on."""

from jetbridge.contract import Launched
from jetbridge.domain.run import Run, StateChange, Status
from jetbridge.domain.streams import named_streams

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
