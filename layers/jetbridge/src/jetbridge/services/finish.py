"""finish_run: read the last lines, seal the outcome once, then deliver it."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from jetbridge.bus.port import Bus
from jetbridge.contract import (
    LogStream,
    Outcome,
    StartRequest,
    State,
    Way,
    advice_on,
    carried,
    encode,
    to_builtins,
)
from jetbridge.domain.failures import POLICY_VERSION, judge, reason_of
from jetbridge.domain.fitting import fitting, no_room
from jetbridge.domain.lines import reported_result, shortened
from jetbridge.domain.notices import notices
from jetbridge.domain.run import Definition, Ending, Run
from jetbridge.domain.secrets import masked_deaths, masked_result, masked_tails, masked_text
from jetbridge.domain.streams import log_streams
from jetbridge.logs.port import Busy, LogsSource
from jetbridge.outcomes.port import Outcomes
from jetbridge.queues.port import NotYet, Queue
from jetbridge.runs.port import Runs

# One page of GetLogEvents, which AWS also bounds to 1 MB (API reference of GetLogEvents).
TAIL_PAGE_LINES = 10_000
# How often missing lines are looked for while they are waited for: the finish queue gives up a
# message after 20 receives.
SETTLE_LOOKS = 5
# A stop further in the future than clocks differ tells nothing of how long to wait.
CLOCKS_DIFFER_SECONDS = 5
# When AWS throttles the reading of logs, so many runs end at once that they had better come again
# at different times: 20 receives of the finish queue are then some 13 minutes.
BUSY_SECONDS = (20, 60)
# With the last lines, what fits an EventBridge event (256 KB).
RESULT_BYTES = 128 * 1024

Tails = list[tuple[LogStream, list[str]]]
"""The last lines of each container, or of each attempt."""


@dataclass(frozen=True)
class Finish:
    """Attributes:
    settle_seconds: how long after its stop a container's missing lines are waited for.
    stacks: the stack's own way to finish Airflow tasks.
    """

    runs: Runs
    outcomes: Outcomes
    source: LogsSource
    notices: Queue
    copies: Queue
    bus: Bus
    region: str
    settle_seconds: float
    stacks: Way = "feed"
    clock: Callable[[], float] = time.time

    def __call__(self, run_id: str) -> Outcome | None:
        """Seal and deliver the outcome of an ended run; None if it hasn't ended.

        What is delivered is not delivered again; until it is, each step may be repeated: sealing
        keeps the first outcome, the copy writes the same objects, and a second notice or
        announcement carries the same outcome.

        Raises:
            NotYet: the last lines haven't reached CloudWatch Logs, or can't be read now.
            Exception: it could not be delivered to all.
        """
        run = self.runs.get(run_id)
        if run is None or run.ending is None:
            return None
        outcome = self.outcomes.get(run_id)
        if outcome is not None and run.finished:
            return outcome
        if outcome is None:
            outcome = self.outcomes.seal(self._compose(run, run.ending))
        self._deliver(run, outcome)
        self.runs.mark_finished(run_id)
        return outcome

    def _deliver(self, run: Run, outcome: Outcome) -> None:
        """Each to whom it is due, whatever becomes of the others.

        Raises: what went wrong; an ExceptionGroup of several. All come again then.
        """
        deliveries: list[Callable[[], object]] = [
            partial(self.notices.send, to_builtins(notice), group=notice.airflow)
            for notice in notices(run.request, outcome, self.stacks, run.watchers)
        ]
        if run.log_targets:
            deliveries.append(partial(self.copies.send, {"run_id": run.run_id}))
        deliveries.append(partial(self.bus.announce, fitting(outcome)))
        errors = []
        for deliver in deliveries:
            try:
                deliver()
            except Exception as error:  # one that can't be delivered must not hold up the others
                errors.append(error)
        if len(errors) == 1:
            raise errors[0]
        if errors:
            raise ExceptionGroup(f"the end of run {run.run_id} is not delivered to all", errors)

    def _compose(self, run: Run, ending: Ending) -> Outcome:
        request = run.request
        verdict = judge(ending, run.definition, run.stop)
        streams = log_streams(run, self.region)
        tails = self._tails(streams, ending)
        result, result_advice = _fitting(_result(tails, request, run.definition))
        result, masked_advice = masked_result(result)
        all_lines = _last_lines(tails, request.tail_lines)
        last_lines = shortened(all_lines)
        older = len(all_lines) - len(last_lines)
        left_out = no_room([f"{older} of {len(all_lines)} last lines"] if older else [])
        ecs = run.backend == "ecs"
        outcome = Outcome(
            run_id=run.run_id,
            state=verdict.state,
            cause=verdict.cause,
            fault=verdict.fault,
            reason=masked_text(reason_of(ending)),
            advice=" ".join(filter(None, (verdict.advice, result_advice, masked_advice, left_out))),
            caller=run.caller,
            backend=request.backend,
            region=self.region,
            finished_at=self.clock(),
            backend_id=run.backend_id,
            cluster=run.place if ecs else None,
            job_queue=None if ecs else run.place,
            definition=run.definition.arn if run.definition else None,
            launches=run.launch,
            exit_codes={
                end.name: end.exit_code for end in ending.containers if end.exit_code is not None
            },
            log_streams=streams,
            last_lines=last_lines,
            result=result,
            started_at=ending.started_at,
            stopped_at=ending.stopped_at,
            deaths=masked_deaths(run.deaths),
            stopped_by=run.stop.by if run.stop and verdict.state is State.STOPPED else "",
            policy_version=POLICY_VERSION,
        )
        return fitting(outcome)

    def _tails(self, streams: list[LogStream], ending: Ending) -> Tails:
        tails = []
        for stream in streams:
            try:
                lines = self.source.tail(stream, TAIL_PAGE_LINES)
            except Busy as busy:
                # Spreads calls over time, and is no secret.
                raise NotYet(str(busy), random.randint(*BUSY_SECONDS)) from busy  # nosec B311
            if not lines and self._may_come_late(ending):
                delay = max(1, round(self.settle_seconds / SETTLE_LOOKS))
                raise NotYet(f"{stream.stream} has no lines yet", delay)
            tails.append((stream, [line.message for line in lines or []]))
        return tails

    def _may_come_late(self, ending: Ending) -> bool:
        if ending.started_at is None or ending.stopped_at is None:
            return False
        stopped_at = datetime.fromisoformat(ending.stopped_at).timestamp()
        since = self.clock() - stopped_at
        return -CLOCKS_DIFFER_SECONDS <= since < self.settle_seconds


def _last_lines(tails: Tails, limit: int) -> list[str]:
    if limit == 0:
        return []
    shown = masked_tails([lines for _, lines in tails], limit)
    ends = [(stream, lines) for (stream, _), lines in zip(tails, shown, strict=True)]
    if len(ends) == 1:
        return ends[0][1]
    return [f"{stream.container}: {line}" for stream, lines in ends for line in lines]


def _result(tails: Tails, request: StartRequest, definition: Definition | None) -> object:
    """What the last container, or the last attempt, reports; of one container, if the request
    names it."""
    mine = [tail for tail in tails if request.result_container in (None, tail[0].container)]
    for _, lines in reversed(mine):
        result = reported_result(lines)
        if result is not None:
            return result
    if not request.last_line_as_result or not mine:
        return None
    # A sidecar's last line is nobody's result.
    optional = {
        source.container
        for source in (definition.log_sources if definition else [])
        if not source.essential
    }
    names = [stream.container for stream, _ in mine]
    chosen = next((name for name in names if name not in optional), names[0])
    lines = [lines for stream, lines in mine if stream.container == chosen][-1]
    return reported_result(lines, last_line=True)


def _fitting(reported: object) -> tuple[object, str]:
    """The result as Airflow can carry it, and what to tell about it."""
    result, problems = carried(reported)
    size = len(encode(result).encode())
    if size <= RESULT_BYTES:
        return result, advice_on(problems)
    return None, (
        f"The container's result has {size} bytes, over {RESULT_BYTES}: "
        "write it to S3 and report where it is."
    )
