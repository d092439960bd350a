"""stop_run: end runs that nobody wants any more."""

from collections.abc import Mapping
from dataclasses import dataclass

from jetbridge.backends.port import Backend
from jetbridge.contract import StopAnswer, StopRequest
from jetbridge.domain.run import Run, Stop
from jetbridge.runs.port import Runs


@dataclass(frozen=True)
class StopRuns:
    runs: Runs
    backends: Mapping[str, Backend]

    def __call__(self, request: StopRequest) -> StopAnswer:
        """Ask for the end of each run; its own last state change will finish it.

        The wish is written first: a run that isn't launched yet is ended by launch_run, and one
        whose launch is under way is stopped as soon as launch_run knows what it has launched.

        Raises:
            Throttled: AWS asks for patience; repeating the whole request is harmless.
        """
        stopping, already_ended, unknown = [], [], []
        stop = Stop(cause=request.cause, reason=request.reason)
        for run_id in dict.fromkeys(request.run_ids):
            run = self.runs.request_stop(run_id, stop)
            if run is not None:
                self._stop(run, request.reason)
                stopping.append(run_id)
            elif self.runs.get(run_id) is not None:
                already_ended.append(run_id)
            else:
                unknown.append(run_id)
        return StopAnswer(stopping=stopping, already_ended=already_ended, unknown=unknown)

    def _stop(self, run: Run, reason: str) -> None:
        if run.backend_id is not None:
            self.backends[run.backend].stop(run.backend_id, run.request.parameters, reason)
