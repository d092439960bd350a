"""Which task or job a run was launched as. launch_run and track_run write this record."""

import time
from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from jetbridge.contract import Launched
from jetbridge.logs.run_streams import named_streams
from jetbridge.outcomes.port import LaunchedRecords
from jetbridge.runs.port import Answers
from jetbridge.runs.reports import StateChange
from jetbridge.runs.run import Run, Status

# Lower than the order of any state change that AWS reports: ECS counts a task's versions from 1,
# and the first status of Batch has rank 0.
BEFORE_ALL_CHANGES = -1


def launched_record(run: Run, region: str, change: StateChange | None = None) -> Launched | None:
    """The record of a run's current launch; None if AWS has no task or job for it.

    Args:
        region: of the run. Its log groups are in it, too, unless their definition names another
            one.
        change: the state change which says that the containers run.
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
        # Rows of earlier versions don't have this field.
        launched_at=run.launched_at or run.last_attempt_at or run.created_at,
        cluster=run.place if ecs else None,
        job_queue=None if ecs else run.place,
        definition=run.definition.arn if run.definition else None,
        log_streams=named_streams(run, change.log_names, region) if change else [],
        started_at=change.started_at if change else None,
    )


def is_current(run: Run, change: StateChange) -> bool:
    """Whether the change belongs to the row's current launch and to its task or job, and isn't
    older than the change recorded in the row."""
    if (run.launch, run.backend_id) != (change.launch, change.backend_id):
        return False
    return run.change_order is None or run.change_order <= change.order


class LaunchedWriter(Struct, frozen=True):
    """Writes once when a run is launched and once when its containers run. Both writes are
    conditional.

    A record is written together with the row or after it. If its write fails or the function dies
    before it, the message comes again, finds the row written, and writes the record.

    Attributes:
        answers: writes row and record at once; None: each is written by itself.
    """

    records: LaunchedRecords
    region: str
    answers: Answers | None = None
    clock: Callable[[], float] = time.time

    def at_answer(self, claimed: Run, backend_id: str) -> Run | None:
        """Write AWS's answer to the row together with the launched record. Returns the row.

        Returns None if that was not possible; then the caller writes each by itself.
        """
        if self.answers is None:
            return None
        launched = replace(
            claimed, status=Status.LAUNCHED, backend_id=backend_id, launched_at=self.clock()
        )
        record = launched_record(launched, self.region)
        if record is None or not self.answers.put(launched, record, BEFORE_ALL_CHANGES):
            return None
        return launched

    def at_launch(self, run: Run) -> None:
        """Write the record of a run that was launched. May be repeated."""
        record = launched_record(run, self.region)
        if record is not None:
            self.records.put_launched(record, BEFORE_ALL_CHANGES)

    def at_change(self, run: Run | None, change: StateChange) -> None:
        """Write the record after a state change. ``run`` is the row after that change. May be
        repeated."""
        if run is None or not change.running or not is_current(run, change):
            return
        record = launched_record(run, self.region, change)
        if record is not None:
            self.records.put_launched(record, change.order)
