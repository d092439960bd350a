"""stop_run: stops runs that are no longer wanted."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct, field

from jetbridge.admission.principals import OPERATOR, Principal
from jetbridge.aws.records import presentable
from jetbridge.backends.port import Backend, LaunchRefused, Throttled, Unanswered
from jetbridge.contract import ContractError, StopAnswer, StopRequest
from jetbridge.launching.endings import Endings
from jetbridge.launching.launch import STOPPED_BEFORE_LAUNCH
from jetbridge.queues.messages import StopMessage
from jetbridge.queues.patience import PATIENCE, is_over, throttled_seconds
from jetbridge.queues.port import GiveUp, Queue
from jetbridge.runs.port import Runs, Written
from jetbridge.runs.reports import Ending
from jetbridge.runs.run import Run, Status, Stop

_PROBLEM_BYTES = 500
_OUT_OF_REACH = "it isn't a run that the alias by which stop_run was invoked may stop"


class NotStopped(Exception):
    """A message has only one run, and it could not be stopped: the message should come back."""


class _Unwritten(Exception):
    """A stop request that could not be recorded now. A later attempt may succeed."""


class _PutOff(Exception):
    """AWS has not stopped a run now, and must be asked again."""


class _Asked(Struct):
    """The result of a request: its answer, the errors of the runs that it refuses, and the runs for
    which AWS throttled the call."""

    answer: StopAnswer = field(
        default_factory=lambda: StopAnswer(stopping=[], already_ended=[], unknown=[])
    )
    failed: dict[str, Exception] = field(default_factory=dict)
    put_off: list[str] = field(default_factory=list)


class StopRuns(Struct, frozen=True):
    runs: Runs
    backends: Mapping[str, Backend]
    endings: Endings
    stops: Queue[StopMessage]
    clock: Callable[[], float] = time.time

    def __call__(self, request: StopRequest, principal: Principal = OPERATOR) -> StopAnswer:
        """Stop each run. The state change that follows will finish it.

        All stop requests are recorded first, each by itself, so a problem with one run doesn't
        affect the others. A run that waits for its launch ends at once, because no launch begins
        after the stop is recorded. If a launch is under way, the run is stopped as soon as
        launch_run knows the task or job. If AWS throttles the call, the stop request comes back
        through the stop queue. The children of an array job end with their parent (API reference of
        CancelJob; that of TerminateJob doesn't say so).

        Args:
            principal: the caller's IAM identity. Runs that it may not stop are refused.

        Raises: the first run's error, if no stop could be recorded. The request should be repeated.
        """
        asked = self._ask(request, principal)
        failed = asked.failed
        unwritten = [run_id for run_id, error in failed.items() if isinstance(error, _Unwritten)]
        if unwritten and unwritten == list(dict.fromkeys(request.run_ids)):
            raise failed[unwritten[0]].__cause__ or failed[unwritten[0]]
        for run_id in unwritten:
            del asked.answer.refused[run_id]
            asked.answer.stopping.append(run_id)
        self._again(request, asked.put_off + unwritten, None)
        return asked.answer

    def of_message(self, request: StopMessage) -> StopAnswer:
        """Handle a message of the stop queue. Each run that could not be stopped comes back in its
        own message.

        Raises:
            GiveUp: AWS has throttled the call for too long.
            NotStopped: the message has one run, and another attempt is needed.
            ContractError: the message has one run, whose row can't be read or written.
        """
        asked = self._ask(request, OPERATOR)
        if asked.failed and len(request.run_ids) == 1:
            [met] = asked.failed.values()
            raise met if isinstance(met, ContractError) else NotStopped(_said(met)) from met
        for run_id in asked.failed:
            self._again(request, [run_id], None)
        self._again(request, asked.put_off, request.since)
        return asked.answer

    def _ask(self, request: StopRequest, principal: Principal) -> _Asked:
        asked = _Asked()
        recorded = self._record(request, principal, asked)
        errors = self._stop(recorded, request.reason)
        for run_id, _ in recorded:
            error = errors.get(run_id)
            if isinstance(error, _PutOff):
                asked.put_off.append(run_id)
            elif error is not None:
                asked.failed[run_id] = error
                continue
            asked.answer.stopping.append(run_id)
        asked.answer.refused.update({run_id: _said(met) for run_id, met in asked.failed.items()})
        return asked

    def _record(
        self, request: StopRequest, principal: Principal, asked: _Asked
    ) -> list[tuple[str, Run]]:
        """Write each stop request. Returns the runs to stop, by the ids in the request."""
        stop = Stop(cause=request.cause, reason=request.reason, by=request.by)
        recorded = []
        for run_id in dict.fromkeys(request.run_ids):
            try:
                if not self._reaches(principal, run_id):
                    asked.answer.refused[run_id] = _OUT_OF_REACH
                    continue
                written = self._written(run_id, stop, request.callers.get(run_id))
            except ContractError as error:
                asked.failed[run_id] = error
                continue
            except Exception as error:  # one broken row must not hold up the others
                asked.failed[run_id] = _Unwritten(_said(error))
                asked.failed[run_id].__cause__ = error
                continue
            if written.row is None:
                asked.answer.unknown.append(run_id)
            elif written.changed:
                recorded.append((run_id, written.row))
            elif written.row.status is Status.ENDED:
                asked.answer.already_ended.append(run_id)
            else:
                asked.answer.taken_over.append(run_id)
        return recorded

    def _written(self, run_id: str, stop: Stop, caller: str | None) -> Written:
        """A try that attached to an earlier try's run also knows the run by its own id."""
        written = self.runs.request_stop(run_id, stop, caller)
        if written.row is None or written.row.attached_to is None:
            return written
        return self.runs.request_stop(written.row.attached_to, stop, caller)

    def _reaches(self, principal: Principal, run_id: str) -> bool:
        """Whether the principal may stop the run. A run may pass to a later try, but never to
        another Airflow."""
        if principal == OPERATOR:
            return True
        run = self.runs.get(run_id)
        return run is None or principal.reaches(run.request.caller)

    def _again(self, request: StopRequest, run_ids: list[str], since: float | None) -> None:
        if not run_ids:
            return
        now = self.clock()
        began = now if since is None else since
        if is_over(began, now):
            raise GiveUp(f"AWS has put off the stop of {', '.join(run_ids)} for {PATIENCE}")
        callers = {run_id: key for run_id, key in request.callers.items() if run_id in run_ids}
        message = StopMessage(
            run_ids=run_ids,
            reason=request.reason,
            cause=request.cause,
            by=request.by,
            callers=callers,
            since=began,
        )
        self.stops.send(message, throttled_seconds(began, now))

    def _stop(self, recorded: Sequence[tuple[str, Run]], reason: str) -> dict[str, Exception]:
        """End what isn't launched, and stop what is, with few calls for many. Returns the errors by
        run id; ``_PutOff`` if AWS must be asked again."""
        errors: dict[str, Exception] = {}
        stops: dict[str, dict[str, dict[str, Any]]] = {}
        # A try that attached to a run may be named beside it.
        named: dict[str, list[str]] = {}
        for run_id, run in recorded:
            if run.status is Status.ACCEPTED:
                try:
                    ending = Ending(code=STOPPED_BEFORE_LAUNCH, reason=reason)
                    self.endings.after_launch(run, ending)
                except Exception as broken:  # one run must not hold up the others
                    errors[run_id] = broken
                    continue
            if run.backend_id is not None:
                stops.setdefault(run.backend, {})[run.backend_id] = run.request.parameters
                named.setdefault(run.backend_id, []).append(run_id)
        for backend, some in stops.items():
            for backend_id, error in self.backends[backend].stop_all(some, reason).items():
                put_off = isinstance(error, Throttled | Unanswered)
                met = _PutOff(str(error)) if put_off else error
                errors |= dict.fromkeys(named[backend_id], met)
        return errors


def _said(error: Exception) -> str:
    known = isinstance(error, LaunchRefused | ContractError)
    return presentable(str(error) if known else f"{type(error).__name__}: {error}", _PROBLEM_BYTES)
