"""stop_run: end runs that nobody wants any more."""

from collections.abc import Mapping
from dataclasses import dataclass

from msgspec.structs import replace

from jetbridge.backends.port import Backend, LaunchRefused, Throttled, Unanswered
from jetbridge.contract import ContractError, StopAnswer, StopRequest, to_builtins
from jetbridge.domain.records import presentable
from jetbridge.domain.run import Ending, Run, Status, Stop
from jetbridge.queues.port import Queue
from jetbridge.runs.port import Runs
from jetbridge.services.endings import Endings
from jetbridge.services.launch import STOPPED_BEFORE_LAUNCH

THROTTLED_SECONDS = 5
_PROBLEM_BYTES = 500


class NotStopped(Exception):
    """The only run of a message could not be stopped: the message is to come back."""


class _Unwritten(Exception):
    """A wish that could not be written, which may be written later."""


@dataclass(frozen=True)
class StopRuns:
    runs: Runs
    backends: Mapping[str, Backend]
    endings: Endings
    stops: Queue

    def __call__(self, request: StopRequest) -> StopAnswer:
        """Ask for the end of each run; its own last state change will finish it.

        All wishes are written first, each by itself: what one of the runs meets is no other's. A
        run that waits for its launch ends at once, since no launch begins after the wish. One
        whose launch is under way is stopped as soon as launch_run knows what it has launched.
        Where AWS asks for patience, the stop comes back through the stop queue. The children of
        an array job end with their parent (API reference of CancelJob; for TerminateJob it is not
        written down).

        Raises: what the first run met, if no wish at all could be written: repeat the request.
        """
        answer, failed = self._ask(request)
        unwritten = [run_id for run_id, error in failed.items() if isinstance(error, _Unwritten)]
        if unwritten and unwritten == list(dict.fromkeys(request.run_ids)):
            raise failed[unwritten[0]].__cause__ or failed[unwritten[0]]
        for run_id in unwritten:
            del answer.refused[run_id]
            answer.stopping.append(run_id)
        self._again(request, unwritten)
        return answer

    def of_message(self, request: StopRequest) -> StopAnswer:
        """The same for a message of the stop queue: of what could not be stopped, each run comes
        back in a message of its own.

        Raises:
            NotStopped: the message is that of one run, which is to be tried again.
            ContractError: it is that of one run, whose row can't be read or written.
        """
        answer, failed = self._ask(request)
        if failed and len(request.run_ids) == 1:
            [error] = failed.values()
            raise error if isinstance(error, ContractError) else NotStopped(_said(error)) from error
        for run_id in failed:
            self._again(request, [run_id])
        return answer

    def _ask(self, request: StopRequest) -> tuple[StopAnswer, dict[str, Exception]]:
        """Also returns what was raised for those that the answer has as refused."""
        answer = StopAnswer(stopping=[], already_ended=[], unknown=[])
        failed: dict[str, Exception] = {}
        again = []
        for run in self._wish(request, answer, failed):
            try:
                stopped = self._stop(run, request.reason)
            except Exception as error:  # one that AWS refuses must not hold up the others
                failed[run.run_id] = error
                continue
            answer.stopping.append(run.run_id)
            if not stopped:
                again.append(run.run_id)
        answer.refused.update({run_id: _said(error) for run_id, error in failed.items()})
        self._again(request, again)
        return answer, failed

    def _wish(
        self, request: StopRequest, answer: StopAnswer, failed: dict[str, Exception]
    ) -> list[Run]:
        """Write each wish; returns the rows of those that are to be stopped."""
        stop = Stop(cause=request.cause, reason=request.reason, by=request.by)
        wished = []
        for run_id in dict.fromkeys(request.run_ids):
            try:
                written = self.runs.request_stop(run_id, stop, request.callers.get(run_id))
            except ContractError as error:
                failed[run_id] = error
                continue
            except Exception as error:  # one broken row must not hold up the others
                failed[run_id] = _Unwritten(_said(error))
                failed[run_id].__cause__ = error
                continue
            if written.row is None:
                answer.unknown.append(run_id)
            elif written.changed:
                wished.append(written.row)
            elif written.row.status is Status.ENDED:
                answer.already_ended.append(run_id)
            else:
                answer.taken_over.append(run_id)
        return wished

    def _again(self, request: StopRequest, run_ids: list[str]) -> None:
        if run_ids:
            callers = {run_id: key for run_id, key in request.callers.items() if run_id in run_ids}
            later = replace(request, run_ids=run_ids, callers=callers)
            self.stops.send(to_builtins(later), THROTTLED_SECONDS)

    def _stop(self, run: Run, reason: str) -> bool:
        """Whether it need not be tried again."""
        if run.status is Status.ACCEPTED:
            self.endings.of_launch(run, Ending(code=STOPPED_BEFORE_LAUNCH, reason=reason))
        if run.backend_id is None:
            return True
        try:
            self.backends[run.backend].stop(run.backend_id, run.request.parameters, reason)
        except (Throttled, Unanswered):
            return False
        return True


def _said(error: Exception) -> str:
    known = isinstance(error, LaunchRefused | ContractError)
    return presentable(str(error) if known else f"{type(error).__name__}: {error}", _PROBLEM_BYTES)
