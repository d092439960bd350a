"""sweep_runs, each minute: timeouts, what events missed, and ends that were not handed over."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from jetbridge.backends.port import Backend
from jetbridge.contract import StopCause, StopRequest, to_builtins
from jetbridge.domain.changes import Record, from_job, from_task
from jetbridge.domain.failures import LOST_CODE
from jetbridge.domain.run import Ending, Run, Status
from jetbridge.queues.port import Queue
from jetbridge.runs.port import Runs
from jetbridge.services.endings import queue_launch
from jetbridge.services.track import Track

# DescribeTasks and DescribeJobs take up to 100 at once (API references).
DESCRIBE_LIMIT = 100
# For so long after its launch AWS may not know a task or job yet: it isn't lost.
UNKNOWN_YET_SECONDS = 300
# When a look-up that failed is tried again.
RETRY_SECONDS = 60
BY = "Jetbridge"


@dataclass(frozen=True)
class Swept:
    """What one sweep did: runs finished again, stopped for their timeout, launched again, and
    looked up in AWS."""

    finished: int = 0
    timed_out: int = 0
    relaunched: int = 0
    described: int = 0


@dataclass(frozen=True)
class Sweep:
    """Attributes:
    check_after_seconds: how long nothing may be heard of a run before it is looked up.
    limit: runs looked at in one sweep; the rest are due in the next.
    """

    runs: Runs
    backends: Mapping[str, Backend]
    track: Track
    launches: Queue
    stops: Queue
    check_after_seconds: float
    limit: int = 1000
    clock: Callable[[], float] = time.time

    def __call__(self) -> Swept:
        """Look at the runs that are due.

        Raises:
            ExceptionGroup: look-ups of some clusters or queues failed; the rest is done.
        """
        now = self.clock()
        due = self.runs.due(now, self.limit)
        ended = [run for run in due if run.status is Status.ENDED]
        active = [run for run in due if run.status is not Status.ENDED]
        late = [run for run in active if _to_be_stopped(run, now)]
        unlaunched = [run for run in active if run.status is not Status.LAUNCHED]
        for run in ended:
            self.track.endings.hand_over.again(run)
        for run in late:
            self._stop(run)
        for run in unlaunched:
            queue_launch(self.launches, run, now)
        launched = [run for run in active if run.status is Status.LAUNCHED]
        failures = self._look_up(launched)
        for run in due:
            failed = run.run_id in failures
            at = now + RETRY_SECONDS if failed else self._next_look(run, now)
            self.runs.look_again(run.run_id, at)
        if failures:
            raise ExceptionGroup("look-ups failed", list(set(failures.values())))
        return Swept(len(ended), len(late), len(unlaunched), len(launched))

    def _stop(self, run: Run) -> None:
        limit = run.request.timeout_seconds
        reason = run.stop.reason if run.stop else f"timed out after {limit} s"
        cause = run.stop.cause if run.stop else StopCause.TIMEOUT
        by = run.stop.by if run.stop else BY
        stop = StopRequest(run_ids=[run.run_id], cause=cause, reason=reason, by=by)
        self.stops.send(to_builtins(stop))

    def _look_up(self, launched: list[Run]) -> dict[str, Exception]:
        """Record what AWS says of each run; returns the errors by the run ids they concern."""
        failures: dict[str, Exception] = {}
        for (backend, place), runs in _by_place(launched).items():
            for batch in _batches(runs):
                try:
                    self._look_up_batch(backend, place, batch)
                except Exception as error:  # one broken cluster must not hold up the others
                    failures |= dict.fromkeys((run.run_id for run in batch), error)
        return failures

    def _look_up_batch(self, backend: str, place: str, batch: list[Run]) -> None:
        by_id = {run.backend_id or "": run for run in batch}
        for record in self.backends[backend].describe(place, list(by_id)):
            by_id.pop(self._record(backend, record), None)
        for run in by_id.values():
            if self.clock() - (run.last_attempt_at or run.created_at) > UNKNOWN_YET_SECONDS:
                self._lost(run)

    def _record(self, backend: str, record: Record) -> str:
        parse = from_task if backend == "ecs" else from_job
        change = parse(record, self.track.stack_key)
        if change is None:
            return ""
        self.track.record(change)
        return change.backend_id

    def _lost(self, run: Run) -> None:
        ending = Ending(
            code=LOST_CODE, reason=f"{run.backend_id} was launched, but AWS does not know it now"
        )
        self.track.endings.of_launch(run, ending)

    def _next_look(self, run: Run, now: float) -> float:
        later = now + self.check_after_seconds
        return min(later, run.deadline) if run.deadline and run.deadline > now else later


def _to_be_stopped(run: Run, now: float) -> bool:
    return run.stop is not None or (run.deadline is not None and run.deadline <= now)


def _by_place(runs: Iterable[Run]) -> dict[tuple[str, str], list[Run]]:
    places = defaultdict(list)
    for run in runs:
        places[run.backend, run.place].append(run)
    return places


def _batches(runs: list[Run]) -> Iterator[list[Run]]:
    for start in range(0, len(runs), DESCRIBE_LIMIT):
        yield runs[start : start + DESCRIBE_LIMIT]
