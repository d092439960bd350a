"""sweep_runs, each minute: handles timeouts, missing events, and ends that weren't delivered."""

import math
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from msgspec import Struct

from jetbridge.aws.batches import batches
from jetbridge.backends.port import Backend
from jetbridge.contract import ContractError, StopCause
from jetbridge.launching.endings import Endings
from jetbridge.launching.queue_launch import queue_launch
from jetbridge.queues.messages import LaunchMessage, StopMessage
from jetbridge.queues.port import Queue
from jetbridge.runs.port import Runs, UnreadableRow
from jetbridge.runs.run import Run, Status
from jetbridge.tracking.look_up import LookUp, Watched, in_batches
from jetbridge.tracking.track import Track

# The number of rows in memory at once, each with its request.
ROWS_AT_ONCE = 100
# When a failed look-up is tried again.
RETRY_SECONDS = 60
BY = "Jetbridge"

# ``map``, or that of a thread pool: a sweep mostly waits for AWS.
Each = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]

Report = Callable[[ContractError], object]
"""Receives an ``UnreadableRow`` or a ``RecordError`` for a row or record that was skipped."""


def unreported(problem: ContractError) -> None:
    """Don't report it."""


class Swept(Struct, frozen=True):
    """The results of one sweep: how many runs were finished again, stopped for their timeout,
    launched again, and looked up in AWS, and how many calls the look-ups took.

    ``left`` counts runs that were read but not handled, because time ran out. They are due in the
    next sweep, and so are those that weren't read.
    """

    finished: int = 0
    timed_out: int = 0
    relaunched: int = 0
    described: int = 0
    describe_calls: int = 0
    left: int = 0


class _Progress(Struct):
    """What this sweep has done, and which parts have failed."""

    until: float
    did: Counter[str]
    errors: list[Exception]
    broken: set[tuple[str, str]]


class Sweep(Struct, frozen=True):
    """Handles the runs that are due.

    Attributes:
        check_after_seconds: a run is looked up after this long without news.
        each: how the parts of a sweep run at the same time.
        report: receives rows and AWS records that can't be read.
    """

    runs: Runs
    backends: Mapping[str, Backend]
    track: Track
    endings: Endings
    launches: Queue[LaunchMessage]
    stops: Queue[StopMessage]
    check_after_seconds: float
    each: Each = map
    clock: Callable[[], float] = time.time
    report: Report = unreported

    def __call__(self, seconds: float = math.inf) -> Swept:
        """Handle the runs that are due. No new work begins after ``seconds``.

        Work that needs no look-up comes first, so an ECS or a Batch that doesn't answer holds up
        only its own runs. A row that can't be read is reported, and becomes due again as if it had
        been looked up.

        Raises:
            ExceptionGroup: some runs could not be handled, or look-ups of some clusters or queues
                failed; the rest is done.
        """
        now = self.clock()
        progress = _Progress(now + seconds, Counter(), [], set())
        launched = self._attend_to_all(now, progress)
        self._look_up_all(launched, progress)
        if progress.errors:
            raise ExceptionGroup("the sweep is incomplete", progress.errors)
        return Swept(**progress.did)

    def _attend_to_all(self, now: float, progress: _Progress) -> list[Watched]:
        """Do the work that needs no call to AWS. Returns the launched runs."""
        launched: list[Watched] = []
        due = self._due(now, progress)
        for rows in batches(due, ROWS_AT_ONCE):
            if self.clock() >= progress.until:
                progress.did["left"] += len(rows)
                break
            for did, watched, errors in self.each(partial(self._attend, now), rows):
                progress.did.update(did)
                launched += watched
                self._note(errors, progress)
        return launched

    def _due(self, now: float, progress: _Progress) -> Iterator[Run | UnreadableRow]:
        """The due runs. If reading fails, those already read are still handled."""
        try:
            yield from self.runs.due(now)
        except Exception as error:
            progress.errors.append(error)

    def _note(self, errors: Iterable[Exception], progress: _Progress) -> None:
        for error in errors:
            if isinstance(error, ContractError):
                self.report(error)
            else:
                progress.errors.append(error)

    def _attend(
        self, now: float, row: Run | UnreadableRow
    ) -> tuple[list[str], list[Watched], list[Exception]]:
        did: list[str] = []
        try:
            if isinstance(row, UnreadableRow):
                self.runs.look_again(row.run_id, self._next_look(None))
                return did, [], [row]
            launched = [Watched.of(row)] if row.status is Status.LAUNCHED else []
            did += self._act(now, row)
        except Exception as error:  # one broken queue or row must not hold up the others
            return did, [], [error] if isinstance(row, Run) else [row, error]
        return did, launched, []

    def _act(self, now: float, run: Run) -> Iterator[str]:
        if run.status is Status.ENDED:
            if run.ended_at is not None and now < run.ended_at + self.check_after_seconds:
                # finish_run has the run, and may have to wait for its log.
                self.runs.look_again(run.run_id, run.ended_at + self.check_after_seconds)
                return
            self.endings.follow_up(run, run.launch)
            yield "finished"
        elif _to_be_stopped(run, now):
            self._stop(run)
            yield "timed_out"
        if run.status not in (Status.ENDED, Status.LAUNCHED):
            queue_launch(self.launches, run, now)
            yield "relaunched"
        if run.status is not Status.LAUNCHED:
            self.runs.look_again(run.run_id, self._next_look(run.deadline))

    def _stop(self, run: Run) -> None:
        limit = run.request.timeout_seconds
        reason = run.stop.reason if run.stop else f"timed out after {limit} s"
        cause = run.stop.cause if run.stop else StopCause.TIMEOUT
        by = run.stop.by if run.stop else BY
        stop = StopMessage(run_ids=[run.run_id], cause=cause, reason=reason, by=by)
        self.stops.send(stop)

    def _look_up_all(self, launched: list[Watched], progress: _Progress) -> None:
        for backend in {run.backend for run in launched}:
            with suppress(Exception):  # then only its own look-ups fail
                self.backends[backend]  # make clients here, because not all threads may make them
        look_up = LookUp(self.runs, self.backends, self.track, self.endings, self.clock)
        look = partial(self._look_up, look_up, progress)
        for did, errors in self.each(look, in_batches(launched)):
            progress.did.update(did)
            self._note(errors, progress)

    def _look_up(
        self, look_up: LookUp, progress: _Progress, batch: Sequence[Watched]
    ) -> tuple[dict[str, int], list[Exception]]:
        place = (batch[0].backend, batch[0].place)
        if self.clock() >= progress.until:
            return {"left": len(batch)}, []
        errors: list[Exception] = []
        soon: set[str] = set()
        try:
            if place not in progress.broken:
                failed = look_up(batch)
                errors += [each.error for each in failed]
                soon = {run for run, error in failed if not isinstance(error, ContractError)}
        except Exception as error:  # one broken cluster must not hold up the others
            progress.broken.add(place)
            errors.append(error)
        for run in batch:
            again = place in progress.broken or run.run_id in soon
            at = self.clock() + RETRY_SECONDS if again else self._next_look(run.deadline)
            try:
                self.runs.look_again(run.run_id, at)
            except Exception as error:
                errors.append(error)
        return {"described": len(batch), "describe_calls": 1}, errors

    def _next_look(self, deadline: float | None) -> float:
        now = self.clock()
        later = now + self.check_after_seconds
        return min(later, deadline) if deadline and deadline > now else later


def _to_be_stopped(run: Run, now: float) -> bool:
    return run.stop is not None or (run.deadline is not None and run.deadline <= now)
