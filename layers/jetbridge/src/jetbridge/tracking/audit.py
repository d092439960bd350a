"""sweep_runs, each hour: compares what runs under Jetbridge's token with the rows."""

import math
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial

from msgspec import Struct

from jetbridge.admission.patterns import has_wildcards, matches
from jetbridge.aws.batches import batches
from jetbridge.aws.records import Record, RecordError
from jetbridge.backends.port import Backend
from jetbridge.concurrency.port import Groups
from jetbridge.contract import ContractError
from jetbridge.runs.names import last_segment, token_prefix
from jetbridge.runs.port import Runs
from jetbridge.runs.run import Status
from jetbridge.tracking.look_up import named, parsed
from jetbridge.tracking.sweep import ROWS_AT_ONCE, Each, Report, unreported
from jetbridge.tracking.track import Track


class Audited(Struct, frozen=True):
    """The findings of one audit: living tasks and jobs with this stack's token, how many of them
    their row didn't know, and how many are being stopped because no row accounts for them.

    ``freed`` counts slots of concurrency groups whose runs had ended or are gone. ``left`` counts
    clusters, queues and concurrency groups that there was no time to check completely.
    """

    living: int = 0
    adopted: int = 0
    orphans: int = 0
    freed: int = 0
    left: int = 0


class Audit(Struct, frozen=True):
    """Compares clusters, queues and concurrency groups with the rows.

    Attributes:
        places: ARNs of the clusters (``ecs``) and job queues (``batch``) that the stack allows,
            with IAM's wildcards.
        each: how several records are checked at the same time.
        report: receives rows and AWS records that can't be read.
    """

    runs: Runs
    backends: Mapping[str, Backend]
    track: Track
    places: Mapping[str, Sequence[str]]
    each: Each = map
    clock: Callable[[], float] = time.time
    report: Report = unreported
    groups: Groups | None = None

    def __call__(self, seconds: float = math.inf) -> Audited:
        """Adopt or stop each task and job that its row doesn't know. No new check begins after
        ``seconds``.

        Events have the same effect (``Track.record``). The audit covers events that never came.

        Raises:
            ExceptionGroup: some clusters, queues or groups could not be checked; the others were.
        """
        until = self.clock() + seconds
        did: Counter[str] = Counter()
        errors: list[Exception] = []
        try:
            self._free_slots(until, did, errors)
        except Exception as error:  # check the clusters in any case
            errors.append(error)
        for backend, patterns in self.places.items():
            for place in self._places(backend, patterns, errors):
                try:
                    self._look_through(backend, place, until, did, errors)
                except Exception as error:  # one broken cluster must not hold up the others
                    errors.append(error)
        if errors:
            raise ExceptionGroup("the audit is incomplete", errors)
        return Audited(**did)

    def _free_slots(self, until: float, did: Counter[str], errors: list[Exception]) -> None:
        """Free slots that a crash left to a run that has ended, or whose row has expired."""
        if self.groups is None:
            return
        for group, holders in self.groups.holders().items():
            for some in batches(holders, ROWS_AT_ONCE):
                if self.clock() >= until:
                    did["left"] += 1
                    break
                freed = partial(self._freed, self.groups, group)
                self._note(self.each(freed, some), did, errors)

    def _freed(self, groups: Groups, group: str, run_id: str) -> tuple[list[str], Exception | None]:
        try:
            run = self.runs.get(run_id)
            if run is None or run.status is Status.ENDED:
                groups.release(group, run_id)
                return ["freed"], None
        except Exception as error:  # one broken row must not hold up the others
            return [], error
        return [], None

    def _places(
        self, backend: str, patterns: Sequence[str], errors: list[Exception]
    ) -> Iterator[str]:
        """Names of the places that the patterns match. Only wildcards need a call to AWS."""
        named = [pattern for pattern in patterns if not has_wildcards(pattern)]
        if len(named) < len(patterns):
            try:
                there = self.backends[backend].places()
            except Exception as error:
                errors.append(error)
                there = []
            named += [arn for arn in there if any(matches(pattern, arn) for pattern in patterns)]
        yield from dict.fromkeys(map(last_segment, named))

    def _look_through(
        self, backend: str, place: str, until: float, did: Counter[str], errors: list[Exception]
    ) -> None:
        prefix = token_prefix(self.track.stack_key)
        for records in self.backends[backend].living(place, prefix):
            self._note(self.each(partial(self._checked, backend), records), did, errors)
            if self.clock() >= until:
                did["left"] += 1
                return

    def _note(
        self,
        looked_at: Iterable[tuple[list[str], Exception | None]],
        did: Counter[str],
        errors: list[Exception],
    ) -> None:
        for what, problem in looked_at:
            did.update(what)
            if isinstance(problem, ContractError):
                self.report(problem)
            elif problem is not None:
                errors.append(problem)

    def _checked(self, backend: str, record: Record) -> tuple[list[str], Exception | None]:
        try:
            return self._check(backend, record), None
        except RecordError as error:
            return [], error.of(named(backend, record))
        except Exception as error:  # one broken row or record must not hold up the others
            return [], error

    def _check(self, backend: str, record: Record) -> list[str]:
        change = parsed(backend, record, self.track.stack_key)
        if change is None or change.ending is not None:
            return []
        row = self.runs.get(change.run_id)
        if self.track.stop_if_orphan(row, change):
            return ["living", "orphans"]
        if row is not None and row.launch == change.launch and row.backend_id is None:
            self.track.record(change)
            return ["living", "adopted"]
        return ["living"]
