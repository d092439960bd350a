"""finish_run: reads the last lines, seals the outcome once, and then delivers it."""

import math
import time
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from jetbridge.contract import Cause, Fault, Outcome, State, Way
from jetbridge.contract.lines import shortened
from jetbridge.failures import POLICY_VERSION, reason_of
from jetbridge.logs.parts import only_part
from jetbridge.logs.port import JobRecords, LogsSource
from jetbridge.logs.run_streams import log_streams
from jetbridge.logs.settling import settle_wait
from jetbridge.outcomes.bus_port import Bus
from jetbridge.outcomes.exit_codes import exit_codes, names_that_decide
from jetbridge.outcomes.fitting import fitting, no_room
from jetbridge.outcomes.members import failed_members
from jetbridge.outcomes.port import Outcomes
from jetbridge.outcomes.read_tails import (
    BUSY_SECONDS,
    CLOCKS_DIFFER_SECONDS,
    SETTLE_LOOKS,
    Look,
    Tails,
)
from jetbridge.outcomes.tails import (
    RESULT_BYTES,
    Tail,
    fitting_result,
    last_lines,
    result_in,
    unread_advice,
    why,
)
from jetbridge.outcomes.verdicts import verdict_on
from jetbridge.pacing.port import Pacer
from jetbridge.queues.copies import CopyMessage
from jetbridge.queues.messages import Notice, Times
from jetbridge.queues.port import Queue
from jetbridge.runs.notices import notices
from jetbridge.runs.port import Runs
from jetbridge.runs.reports import Ending
from jetbridge.runs.run import Run
from jetbridge.secrets.lines import masked_text
from jetbridge.secrets.outcome import masked_deaths, masked_result

__all__ = ["BUSY_SECONDS", "CLOCKS_DIFFER_SECONDS", "RESULT_BYTES", "SETTLE_LOOKS", "Finish"]


class Finish(Struct, frozen=True):
    """Seals and delivers outcomes.

    Attributes:
        settle_seconds: how long after a container's stop finish_run waits for missing lines.
        stacks: the stack's default way to finish Airflow tasks.
        pacer: gives turns to read logs; None: reads are not limited.
        result_wait_seconds: how long finish_run waits for a result that the run's task needs.
        jobs: Batch's records, which name failed children and nodes; None: the outcome doesn't name
            them.
        live: the stack has live logs. copy_logs ends them when all parts are copied.
        advise_on_size: the advice on the size of a run's group, from a bounded read that raises
            nothing; None: SizeAdvice is off.
        traces: receives each run whose outcome is delivered, and raises nothing; None: no traces.
    """

    runs: Runs
    outcomes: Outcomes
    source: LogsSource
    notices: Queue[Notice]
    copies: Queue[CopyMessage]
    bus: Bus
    region: str
    settle_seconds: float
    stacks: Way = "feed"
    clock: Callable[[], float] = time.time
    pacer: Pacer | None = None
    result_wait_seconds: float = 900
    jobs: JobRecords | None = None
    live: bool = False
    traces: Callable[[Run, Outcome], None] | None = None
    advise_on_size: Callable[[Outcome], str] | None = None

    def __call__(
        self,
        run_id: str,
        times: Times = Times(),
        remaining: Callable[[], float] = lambda: math.inf,
    ) -> Outcome | None:
        """Seal and deliver the outcome of an ended run; None if it hasn't ended.

        ``times`` are those of the message. ``remaining`` returns the seconds that the invocation
        has left. A run is sealed within a minute of the first look, even if its logs can't be read.
        Only a run whose task needs the result waits longer.

        Once its outcome is delivered, a run isn't handled again. Until then, each step may be
        repeated: sealing keeps the first outcome, the copy writes the same objects, and a second
        notice or announcement carries the same outcome. To save a read, finish_run looks for a
        sealed outcome only if the message may have been received before.

        Raises:
            NotYet: the last lines haven't reached CloudWatch Logs, or can't be read now.
            Exception: a receiver didn't get the outcome.
        """
        run = self.runs.get(run_id)
        if run is None or run.ending is None:
            return None
        outcome = self.outcomes.get(run_id) if times.again or run.finished else None
        if outcome is not None and run.finished:
            return outcome
        if outcome is None:
            outcome = self.outcomes.seal(self._compose(run, run.ending, times, remaining))
        self._deliver(run, outcome)
        self.runs.mark_finished(run_id)
        if self.traces is not None:
            self.traces(run, outcome)
        return outcome

    def _deliver(self, run: Run, outcome: Outcome) -> None:
        """Deliver the outcome to each receiver. If one delivery fails, the others are still made.

        Raises: the error of the failed delivery; an ExceptionGroup if several failed. All
        deliveries are repeated then.
        """
        deliveries: list[Callable[[], object]] = [
            partial(self.notices.send, notice, group=notice.airflow)
            for notice in notices(run.request, outcome, self.stacks, run.watchers)
        ]
        if run.log_targets:
            wait = settle_wait(run, self.settle_seconds, self.clock())
            deliveries.append(partial(self.copies.send, self._copy_message(run), wait))
        deliveries.append(partial(self.bus.announce, outcome))
        errors = []
        for deliver in deliveries:
            try:
                deliver()
            except Exception as error:  # a failed delivery must not hold up the others
                errors.append(error)
        if len(errors) == 1:
            raise errors[0]
        if errors:
            raise ExceptionGroup(f"the end of run {run.run_id} is not delivered to all", errors)

    def _copy_message(self, run: Run) -> CopyMessage:
        """The message for copy_logs. If the log has only one part, the message contains that part,
        and copy_logs doesn't have to read the row."""
        part = None if self.live else only_part(run, self.region)
        return CopyMessage(run_id=run.run_id, part=part, fresh=part is not None)

    def _compose(
        self, run: Run, ending: Ending, times: Times, remaining: Callable[[], float]
    ) -> Outcome:
        request = run.request
        verdict = verdict_on(run, ending)
        succeeded = verdict.state is State.SUCCEEDED
        needed = succeeded and (request.last_line_as_result or request.result_required)
        look = Look.of(times, ending, needed, remaining, self.clock())
        streams = log_streams(run, self.region)
        tails = self._tails.read(streams, ending, look)
        found, missing = result_in(tails, request, run.definition)
        told = _Told(verdict.state, verdict.cause, verdict.fault, verdict.advice)
        if needed and missing:
            self._tails.wait_for_result(missing, look)
            told = _without_result(missing)
        result, result_advice = fitting_result(found)
        result, masked_advice = masked_result(result)
        all_lines = last_lines(tails, request.tail_lines)
        shown = shortened(all_lines)
        older = len(all_lines) - len(shown)
        left_out = no_room([f"{older} of {len(all_lines)} last lines"] if older else [])
        advice = (told.advice, unread_advice(tails), result_advice, masked_advice, left_out)
        members = failed_members(run, verdict, self.jobs)
        reasons = (reason_of(ending, run.definition), members.reason)
        ecs = run.backend == "ecs"
        outcome = Outcome(
            run_id=run.run_id,
            state=told.state,
            cause=told.cause,
            fault=told.fault,
            reason="; ".join(filter(None, (*map(masked_text, reasons), told.reason))),
            advice=" ".join(filter(None, advice)),
            caller=run.caller,
            backend=request.backend,
            region=self.region,
            finished_at=self.clock(),
            backend_id=run.backend_id,
            cluster=run.place if ecs else None,
            job_queue=None if ecs else run.place,
            definition=run.definition.arn if run.definition else None,
            launches=run.launch,
            exit_codes=exit_codes(run, ending) | members.exit_codes,
            deciding=names_that_decide(run, ending),
            log_streams=streams,
            last_lines=shown,
            unread=[tail.stream.stream for tail in tails if tail.unread],
            result=result,
            started_at=ending.started_at,
            stopped_at=ending.stopped_at,
            deaths=masked_deaths(run.deaths),
            stopped_by=masked_text(run.stop.by)
            if run.stop and verdict.state is State.STOPPED
            else "",
            policy_version=POLICY_VERSION,
            usage=ending.usage,
        )
        if self.advise_on_size is not None:
            outcome = replace(outcome, size_advice=self.advise_on_size(outcome))
        return fitting(outcome)

    @property
    def _tails(self) -> Tails:
        return Tails(
            self.source, self.settle_seconds, self.result_wait_seconds, self.pacer, self.clock
        )


class _Told(NamedTuple):
    """What the outcome says about the end."""

    state: State
    cause: Cause
    fault: Fault
    advice: str
    reason: str = ""


def _without_result(missing: list[Tail]) -> _Told:
    """The verdict if the container succeeded, but the result that its task needs can't be read. If
    waiting wouldn't help, somebody has to change the log group or a permission. Otherwise another
    try may succeed."""
    first = next((tail for tail in missing if not tail.later), missing[0])
    cause = Cause.UNCLASSIFIED if first.later else Cause.MISCONFIGURATION
    return _Told(
        State.FAILED,
        cause,
        Fault.PLATFORM if first.later else Fault.CONFIGURATION,
        "The container succeeded, but its task needs the result, which could not be read in time: "
        "look for it in the log before you run the job again.",
        f"the result could not be read from log stream {first.stream.stream}: {why(first)}",
    )
