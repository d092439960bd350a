"""stop_run: end runs that nobody wants any more."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from msgspec.structs import replace

from jetbridge.backends.port import Backend, Throttled, Unanswered
from jetbridge.contract import StopAnswer, StopRequest, to_builtins
from jetbridge.domain.patience import PATIENCE, is_over, throttled_seconds
from jetbridge.domain.run import Ending, Run, Status, Stop
from jetbridge.queues.port import GiveUp, Queue
from jetbridge.runs.port import Runs
from jetbridge.services.endings import Endings
from jetbridge.services.launch import STOPPED_BEFORE_LAUNCH


@dataclass(frozen=True)
class StopRuns:
    runs: Runs
    backends: Mapping[str, Backend]
    endings: Endings
    stops: Queue
    clock: Callable[[], float] = time.time

    def __call__(self, request: StopRequest, since: float | None = None) -> StopAnswer:
        """Ask for the end of each run; its own last state change will finish it.

        The wish is written first. A run that waits for its launch ends at once, since no launch
        begins after the wish. One whose launch is under way is stopped as soon as launch_run
        knows what it has launched. Where AWS asks for patience, the stop comes back through the
        stop queue. The children of an array job end with their parent (API reference of
        CancelJob; for TerminateJob it is not written down).

        Args:
            since: when AWS asked for patience first, epoch seconds; None: it hasn't yet.

        Raises:
            GiveUp: AWS has asked for patience for too long.
        """
        answer = StopAnswer(stopping=[], already_ended=[], unknown=[])
        stop = Stop(cause=request.cause, reason=request.reason, by=request.by)
        again = []
        for run_id in dict.fromkeys(request.run_ids):
            written = self.runs.request_stop(run_id, stop, request.callers.get(run_id))
            if written.row is None:
                answer.unknown.append(run_id)
            elif written.changed:
                answer.stopping.append(run_id)
                if not self._stop(written.row, request.reason):
                    again.append(run_id)
            elif written.row.status is Status.ENDED:
                answer.already_ended.append(run_id)
            else:
                answer.taken_over.append(run_id)
        if again:
            self._again(replace(request, run_ids=again), since)
        return answer

    def _again(self, request: StopRequest, since: float | None) -> None:
        now = self.clock()
        began = now if since is None else since
        if is_over(began, now):
            runs = ", ".join(request.run_ids)
            raise GiveUp(f"AWS has put off the stop of {runs} for {PATIENCE}")
        message = to_builtins(request) | {"since": began}
        self.stops.send(message, throttled_seconds(began, now))

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
