"""launch_run: the only launcher. At most one task or job per launch, across any crash."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from jetbridge.backends.port import Backend, LaunchRefused, Throttled
from jetbridge.domain.names import LaunchName
from jetbridge.domain.outcomes import LOST_CODE
from jetbridge.domain.run import UNLAUNCHED, Definition, Ending, Run, Status
from jetbridge.queues.port import NotYet
from jetbridge.runs.port import Runs
from jetbridge.services.hand_over import HandOver

# AWS remembers a clientToken for at least the hour after the task stopped (Amazon ECS API
# reference, "Ensuring idempotency"); past this a repeated RunTask could launch a second task.
TOKEN_MEMORY_SECONDS = 50 * 60
# What was launched may take a moment to be listed; an attempt that found nothing waits for so
# long after the one before it. Longer than launch_run's own timeout.
LISTING_SECONDS = 45
THROTTLED_SECONDS = 5
CONTENDED_SECONDS = 5

STOPPED_BEFORE_LAUNCH = "StoppedBeforeLaunch"


@dataclass(frozen=True)
class Launch:
    runs: Runs
    backends: Mapping[str, Backend]
    hand_over: HandOver
    stack_key: str
    clock: Callable[[], float] = time.time

    def __call__(self, run_id: str, launch: int) -> Run | None:
        """Launch a run's current launch, if that hasn't happened yet; returns the row after it.

        A stop that was wished for meanwhile is passed on, however often the message comes.

        Raises:
            NotYet: AWS asks for patience, an earlier attempt's answer is unknown still, or
                another delivery of the same message is at work.
        """
        run = self.runs.get(run_id)
        try:
            if run is not None and run.launch == launch and run.status in UNLAUNCHED:
                run = self._take_up(run)
            self._pass_on_stop(run)
        except Throttled as throttled:
            raise NotYet(str(throttled), THROTTLED_SECONDS) from throttled
        self.hand_over(run)
        return run

    def _take_up(self, run: Run) -> Run | None:
        """Launch, or find what was launched; returns the row as it is then."""
        backend = self.backends[run.backend]
        name = LaunchName(self.stack_key, run.run_id, run.launch)
        backend_id = self._find(run, backend, name)
        if backend_id is None:
            if run.stop is not None:
                return self._end(run, STOPPED_BEFORE_LAUNCH, run.stop.reason)
            if self._forgotten(run):
                return self._end(run, LOST_CODE, f"attempted long ago, and AWS knows no {name}")
            try:
                backend_id = self._launch(run, backend, name)
            except LaunchRefused as refusal:
                return self._end(run, refusal.code, refusal.reason)
        launched = self.runs.launched(run.run_id, run.launch, backend_id)
        return launched or self.runs.get(run.run_id)

    def _find(self, run: Run, backend: Backend, name: LaunchName) -> str | None:
        """What an earlier attempt launched, where repeating the launch wouldn't tell."""
        if run.last_attempt_at is None:
            return None
        token_tells = run.backend == "ecs" and not self._forgotten(run)
        if token_tells and run.stop is None:
            return None
        found = backend.find(name, run.request.parameters)
        age = self.clock() - run.last_attempt_at
        if found is None and age < LISTING_SECONDS:
            raise NotYet(f"{name} may have been launched {age:.0f} s ago", LISTING_SECONDS)
        return found

    def _forgotten(self, run: Run) -> bool:
        first = run.first_attempt_at
        return first is not None and self.clock() - first > TOKEN_MEMORY_SECONDS

    def _launch(self, run: Run, backend: Backend, name: LaunchName) -> str:
        definition = run.definition or self._pin(run, backend)
        if self.runs.begin_launch(run, self.clock()) is None:
            raise NotYet(f"{name} is being launched or stopped already", CONTENDED_SECONDS)
        return backend.launch(name, run.request.parameters, definition)

    def _pin(self, run: Run, backend: Backend) -> Definition:
        definition = backend.resolve(run.request.parameters)
        return self.runs.pin(run.run_id, run.launch, definition)

    def _pass_on_stop(self, run: Run | None) -> None:
        if run is None or run.stop is None or run.backend_id is None:
            return
        if run.status is Status.LAUNCHED:
            backend = self.backends[run.backend]
            backend.stop(run.backend_id, run.request.parameters, run.stop.reason)

    def _end(self, run: Run, code: str, reason: str) -> Run | None:
        ended = self.runs.end(run.run_id, run.launch, Ending(code=code, reason=reason))
        return ended or self.runs.get(run.run_id)
