"""notify_airflow: notifies an Airflow of a run's end, and keeps trying until it succeeds."""

import random
import time
from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from jetbridge.aws.back_off import back_off, spread
from jetbridge.contract import AirflowCaller, CreateAssetEvent, Outcome, Way
from jetbridge.notify.airflow_port import Airflows, Refused, Unavailable
from jetbridge.notify.api import Api
from jetbridge.notify.breaker import Breaker
from jetbridge.notify.on_finish import begin
from jetbridge.notify.push import push
from jetbridge.notify.rest import rest
from jetbridge.outcomes.port import Outcomes
from jetbridge.queues.messages import Notice
from jetbridge.queues.port import GiveUp, NotYet, Queue
from jetbridge.runs.notices import applies, way_of
from jetbridge.runs.port import Runs
from jetbridge.runs.run import Run

FIRST_DELAY_SECONDS = 5
LONGEST_DELAY_SECONDS = 300
# The outcome expires after 14 days; the dead letter must come before that.
PATIENCE_SECONDS = 13 * 24 * 3600


class Attempt(Struct, frozen=True, kw_only=True):
    """One attempt to notify Airflow.

    Attributes:
        result: in words for the log. If Airflow hasn't been notified, it says why.
        waited: seconds from the run's end to now.
        done: Airflow has been notified, or no task waits any more.
        unavailable: Airflow couldn't be reached, or couldn't answer.
        delay_seconds: after how long the notice comes again; 0 if it doesn't.
    """

    result: str
    waited: float
    done: bool = True
    unavailable: bool = False
    delay_seconds: int = 0


class Notify(Struct, frozen=True):
    """Attributes:
    stacks: the stack's own way to finish Airflow tasks.
    jitter: a random number from 0 to 1.
    """

    runs: Runs
    outcomes: Outcomes
    airflows: Airflows
    notices: Queue[Notice]
    breaker: Breaker
    stacks: Way
    clock: Callable[[], float] = time.time
    jitter: Callable[[], float] = random.random

    def __call__(self, notice: Notice) -> Attempt | None:
        """Notify Airflow, or queue the notice again if Airflow is unavailable. None: the run or its
        outcome is unknown.

        A notice that only has to wait is sent as a new message each time, so that waiting never
        makes it a dead letter. Notifying twice is harmless in every way to finish.

        Raises:
            Refused: somebody has to act.
            GiveUp: it has waited too long.
        """
        run = None if notice.asset else self.runs.get(notice.run_id)
        known = run is not None or notice.asset is not None
        outcome = self.outcomes.get(notice.run_id) if known else None
        if outcome is None:
            return None
        shut = self.breaker.remaining(notice.airflow)
        if shut:
            return self._put_off(notice, outcome, "it was down a moment ago", shut)
        try:
            result = self._notify(notice, run, outcome)
        except Unavailable as problem:
            wanted = min(problem.retry_after or 0.0, LONGEST_DELAY_SECONDS)
            if problem.altogether:
                self.breaker.failed(notice.airflow, wanted)
            return self._put_off(notice, outcome, str(problem), wanted)
        except NotYet as not_yet:
            self.breaker.answered(notice.airflow)
            delay = min(max(1, not_yet.delay_seconds), LONGEST_DELAY_SECONDS)
            return self._again(notice, outcome, delay, str(not_yet))
        except Refused:
            self.breaker.answered(notice.airflow)
            raise
        self.breaker.answered(notice.airflow)
        return Attempt(result=result, waited=self._waited(outcome))

    def _notify(self, notice: Notice, run: Run | None, outcome: Outcome) -> str:
        api = Api(self.airflows, notice.airflow)
        if run is None:
            extra = {"backend_id": outcome.backend_id, "definition": outcome.definition}
            entry = CreateAssetEvent(uri=notice.asset or "", extra=extra, airflow=notice.airflow)
            return begin(api, entry, outcome) if applies(entry, outcome) else "nothing to begin"
        if notice.on_finish is not None:
            entries = run.request.on_finish
            if notice.on_finish >= len(entries) or not applies(entries[notice.on_finish], outcome):
                return "nothing to begin"
            return begin(api, entries[notice.on_finish], outcome)
        if notice.watcher is not None:
            if notice.watcher >= len(run.watchers):
                return "no task waits for it"
            return rest(api, outcome, run.watchers[notice.watcher].caller, self.clock())
        way = way_of(run.request, self.stacks)
        if not isinstance(run.caller, AirflowCaller) or way == "feed":
            return "no task waits for it"
        if way == "push":
            return push(api, outcome, run.caller)
        return rest(api, outcome, run.caller, self.clock())

    def _put_off(self, notice: Notice, outcome: Outcome, problem: str, wanted: float) -> Attempt:
        """Queue the notice again, later each time, so that not all notices for one Airflow come at
        once."""
        grown = back_off(FIRST_DELAY_SECONDS, notice.attempt, LONGEST_DELAY_SECONDS)
        delay = spread(grown, self.jitter)
        later = replace(notice, attempt=notice.attempt + 1)
        wait = min(LONGEST_DELAY_SECONDS, max(1, round(max(delay, wanted))))
        return self._again(later, outcome, wait, problem, unavailable=True)

    def _again(
        self, notice: Notice, outcome: Outcome, delay: int, result: str, unavailable: bool = False
    ) -> Attempt:
        now = self.clock()
        since = now if notice.since is None else notice.since
        if now - since > PATIENCE_SECONDS:
            raise GiveUp(
                f"Airflow {notice.airflow!r} hasn't been notified of the run's end for 13 days "
                f"({result}): fix that and replay this message within a day"
            )
        self.notices.send(replace(notice, since=since), delay, notice.airflow)
        return Attempt(
            result=result,
            waited=self._waited(outcome),
            done=False,
            unavailable=unavailable,
            delay_seconds=delay,
        )

    def _waited(self, outcome: Outcome) -> float:
        return max(0.0, self.clock() - outcome.finished_at)
