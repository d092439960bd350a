"""Asks ECS and Batch about runs whose events are missing."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, zip_longest
from typing import Any, NamedTuple, Self

from msgspec import Struct

from jetbridge.aws.batches import batches
from jetbridge.aws.records import Fields, Record, RecordError
from jetbridge.backends.changes import from_job, from_task
from jetbridge.backends.job_records import misconfiguration
from jetbridge.backends.port import Backend
from jetbridge.failures import LOST_CODE
from jetbridge.launching.endings import Endings
from jetbridge.runs.port import Runs
from jetbridge.runs.reports import Ending, StateChange
from jetbridge.runs.run import Run, Status
from jetbridge.tracking.track import Track

# DescribeTasks and DescribeJobs take up to 100 ids at once (API references).
DESCRIBE_LIMIT = 100
# For this long after a launch, AWS may not know the task or job yet, so it doesn't count as lost.
UNKNOWN_YET_SECONDS = 300
# Before, a job that Batch can't start may only wait for instances.
STUCK_SECONDS = 600
# The field of AWS's records that has the launch's name.
_LAUNCH_NAMES = {"ecs": "startedBy", "batch": "jobName"}


class Watched(Struct, frozen=True):
    """The part of a launched run's row that a look-up needs. A whole row contains the request."""

    run_id: str
    backend: str
    place: str
    backend_id: str
    order: int | None
    launched_at: float
    deadline: float | None

    @classmethod
    def of(cls, run: Run) -> Self:
        return cls(
            run_id=run.run_id,
            backend=run.backend,
            place=run.place,
            backend_id=run.backend_id or "",
            order=run.change_order,
            launched_at=run.last_attempt_at or run.created_at,
            deadline=run.deadline,
        )

    def knows(self, change: StateChange) -> bool:
        """Whether the row already has this change: looking at a running job costs no write."""
        return change.ending is None and self.order is not None and self.order >= change.order


def in_batches(launched: Iterable[Watched]) -> Iterator[Sequence[Watched]]:
    """Batches, each for one cluster or queue. The places take turns."""
    places: dict[tuple[str, str], list[Watched]] = defaultdict(list)
    for run in launched:
        places[run.backend, run.place].append(run)
    turns = zip_longest(*(batches(runs, DESCRIBE_LIMIT) for runs in places.values()))
    return (batch for batch in chain.from_iterable(turns) if batch is not None)


class Failed(NamedTuple):
    """The error of one run in a look-up."""

    run_id: str
    error: Exception


class LookUp(Struct, frozen=True):
    runs: Runs
    backends: Mapping[str, Backend]
    track: Track
    endings: Endings
    clock: Callable[[], float] = time.time

    def __call__(self, batch: Sequence[Watched]) -> list[Failed]:
        """Record what AWS reports about up to 100 launched runs of one cluster or queue.

        A task or job that AWS doesn't know is lost, unless it was launched a moment ago. Returns
        the runs that could not be handled.
        """
        unseen = {run.backend_id: run for run in batch}
        place, failed, all_known = batch[0], list[Failed](), True
        asked = frozenset(unseen)
        for record in self.backends[place.backend].describe(place.place, list(unseen)):
            name = named(place.backend, record)
            all_known = all_known and name in asked
            run = unseen.pop(name, None)
            if run is not None:
                failed += _tried(run, self._take, record)
        if all_known:  # otherwise it may be one of these, which AWS does know
            for run in unseen.values():
                failed += _tried(run, self._lost)
        return failed

    def _take(self, run: Watched, record: Record) -> None:
        change = parsed(run.backend, record, self.track.stack_key)
        if change is None:
            field = _LAUNCH_NAMES[run.backend]
            raise RecordError(field, record.get(field))
        if not run.knows(change):
            self.track.record(change)
        elif code := self._stuck(run, record):
            self.track.stop_stuck(change, code)

    def _stuck(self, run: Watched, record: Record) -> str:
        """Batch's code for why a job can't start, if an earlier look has seen the same. While a
        compute environment starts its first instances, Batch may say so for some minutes of a job
        that does start then (nextflow-io/nextflow#7479)."""
        if run.backend != "batch" or self.clock() - run.launched_at < STUCK_SECONDS:
            return ""
        return misconfiguration(Fields(record))

    def _lost(self, launched: Watched) -> None:
        if self.clock() - launched.launched_at <= UNKNOWN_YET_SECONDS:
            return
        run = self.runs.get(launched.run_id)
        if run is None or run.status is not Status.LAUNCHED:
            return
        if run.backend_id != launched.backend_id:
            return
        ending = Ending(
            code=LOST_CODE, reason=f"{run.backend_id} was launched, but AWS does not know it now"
        )
        self.endings.after_launch(run, ending)


def _tried(run: Watched, do: Callable[..., None], *arguments: Any) -> list[Failed]:
    try:
        do(run, *arguments)
    except RecordError as error:
        return [Failed(run.run_id, error.of(run.backend_id))]
    except Exception as error:  # one broken row or record must not hold up the others
        return [Failed(run.run_id, error)]
    return []


def named(backend: str, record: Record) -> str:
    """The task's ARN or the job's id; "" if the record has none that can be used."""
    return Fields(record).name("taskArn" if backend == "ecs" else "jobId")


def parsed(backend: str, record: Record, stack_key: str) -> StateChange | None:
    """The change that the record of a described task or job reports."""
    return from_task(record, stack_key) if backend == "ecs" else from_job(record, stack_key)
