"""Look up in AWS what events have not told."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import batched, chain, zip_longest
from typing import Self

from jetbridge.backends.port import Backend
from jetbridge.domain.changes import Record, from_job, from_task
from jetbridge.domain.failures import LOST_CODE
from jetbridge.domain.run import Ending, Run, StateChange, Status
from jetbridge.runs.port import Runs
from jetbridge.services.track import Track

# DescribeTasks and DescribeJobs take up to 100 at once (API references).
DESCRIBE_LIMIT = 100
# For so long after its launch AWS may not know a task or job yet: it isn't lost.
UNKNOWN_YET_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Watched:
    """What a look-up needs of a launched run's row; a row holds its whole request."""

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
        """Whether the row has the change already: a running job costs no write."""
        return change.ending is None and self.order is not None and self.order >= change.order


def in_batches(launched: Iterable[Watched]) -> Iterator[Sequence[Watched]]:
    """Batches of one cluster or queue each, those of all places in turn."""
    places: dict[tuple[str, str], list[Watched]] = defaultdict(list)
    for run in launched:
        places[run.backend, run.place].append(run)
    turns = zip_longest(*(batched(runs, DESCRIBE_LIMIT, strict=False) for runs in places.values()))
    return (batch for batch in chain.from_iterable(turns) if batch is not None)


@dataclass(frozen=True)
class LookUp:
    runs: Runs
    backends: Mapping[str, Backend]
    track: Track
    clock: Callable[[], float] = time.time

    def __call__(self, batch: Sequence[Watched]) -> None:
        """Record what AWS says of up to 100 launched runs of one cluster or queue.

        What AWS doesn't know is lost, if it was launched long enough ago to be known.
        """
        unseen = {run.backend_id: run for run in batch}
        place = batch[0]
        for record in self.backends[place.backend].describe(place.place, list(unseen)):
            change = parsed(place.backend, record, self.track.stack_key)
            run = unseen.pop(change.backend_id, None) if change else None
            if change and run and not run.knows(change):
                self.track.record(change)
        for run in unseen.values():
            if self.clock() - run.launched_at > UNKNOWN_YET_SECONDS:
                self._lost(run)

    def _lost(self, launched: Watched) -> None:
        run = self.runs.get(launched.run_id)
        if run is None or run.status is not Status.LAUNCHED:
            return
        if run.backend_id != launched.backend_id:
            return
        ending = Ending(
            code=LOST_CODE, reason=f"{run.backend_id} was launched, but AWS does not know it now"
        )
        self.track.endings.of_launch(run, ending)


def parsed(backend: str, record: Record, stack_key: str) -> StateChange | None:
    """The change that a described task's or job's record reports."""
    return from_task(record, stack_key) if backend == "ecs" else from_job(record, stack_key)
