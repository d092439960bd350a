"""launch_run: the only launcher. At most one task or job per launch, across any crash."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from jetbridge.backends.port import Backend, LaunchRefused, Throttled, Unanswered
from jetbridge.domain.failures import LOST_CODE
from jetbridge.domain.groups import message_group
from jetbridge.domain.names import LaunchName
from jetbridge.domain.parameters import launch_parameters
from jetbridge.domain.run import UNLAUNCHED, Definition, Ending, Run, Status
from jetbridge.pacing.port import Pacer
from jetbridge.queues.port import NotYet, Queue
from jetbridge.runs.port import Runs
from jetbridge.services.endings import Endings, queue_launch
from jetbridge.services.launched import TellLaunched
from jetbridge.services.live.streams import NoteStreams
from jetbridge.services.supersede import stop_superseded

# AWS remembers a clientToken for at least the hour after the task stopped (Amazon ECS API
# reference, "Ensuring idempotency"); past this a repeated RunTask could launch a second task.
TOKEN_MEMORY_SECONDS = 50 * 60
# What was launched may take a moment to be listed; an attempt that found nothing waits for so
# long after the one before it. Longer than launch_run's own timeout.
LISTING_SECONDS = 45
THROTTLED_SECONDS = 5
CONTENDED_SECONDS = 5
UNANSWERED_SECONDS = 5

STOPPED_BEFORE_LAUNCH = "StoppedBeforeLaunch"


class _PutOff(Exception):
    """Nothing was launched, by nobody's fault: the message is to be sent anew."""

    def __init__(self, delay_seconds: int) -> None:
        super().__init__()
        self.delay_seconds = delay_seconds


@dataclass(frozen=True)
class Launch:
    runs: Runs
    backends: Mapping[str, Backend]
    endings: Endings
    launches: Queue
    stops: Queue
    pacer: Pacer
    tell: TellLaunched
    stack_key: str
    clock: Callable[[], float] = time.time
    streams: NoteStreams | None = None

    def __call__(self, run_id: str, launch: int) -> Run | None:
        """Launch a run's current launch, if that hasn't happened yet; returns the row after it.

        A stop that was wished for meanwhile is passed on, however often the message comes. Where
        AWS or the pacer asks for patience, the message is sent anew instead of coming back, so
        that it never reaches the dead-letter queue by waiting.

        Raises:
            NotYet: an earlier attempt's answer is unknown still, or another delivery of the same
                message is at work.
        """
        run = self.runs.get(run_id)
        if run is None:
            return None
        try:
            if run.launch == launch and run.status in UNLAUNCHED:
                run = self._take_up(run)
            else:
                self.endings.follow_up(run, launch)
            if run is not None:
                self._follow(run)
        except (Throttled, _PutOff) as later:
            delay = later.delay_seconds if isinstance(later, _PutOff) else THROTTLED_SECONDS
            message = {"run_id": run_id, "launch": launch}
            self.launches.send(message, delay, message_group(run.request.caller) if run else "")
        except Unanswered as lost:
            raise NotYet(str(lost), UNANSWERED_SECONDS) from lost
        return run

    def _take_up(self, run: Run) -> Run | None:
        """Launch, or find what was launched; returns the row as it is then."""
        if run.stop is None and run.not_before is not None and run.not_before > self.clock():
            queue_launch(self.launches, run, self.clock())
            return run
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
        found = backend.find(name, launch_parameters(run))
        age = self.clock() - run.last_attempt_at
        if found is None and age < LISTING_SECONDS:
            raise NotYet(f"{name} may have been launched {age:.0f} s ago", LISTING_SECONDS)
        return found

    def _forgotten(self, run: Run) -> bool:
        first = run.first_attempt_at
        return first is not None and self.clock() - first > TOKEN_MEMORY_SECONDS

    def _launch(self, run: Run, backend: Backend, name: LaunchName) -> str:
        if run.launch == 1:
            stop_superseded(self.stops, run)
        definition = run.definition or self._pin(run, backend)
        self._wait_for_turn(run)
        now = self.clock()
        if self.runs.begin_launch(run, now) is None:
            raise NotYet(f"{name} is being launched or stopped already", CONTENDED_SECONDS)
        try:
            return backend.launch(name, launch_parameters(run), definition)
        except Throttled:
            self.runs.take_back(run, now)
            raise

    def _wait_for_turn(self, run: Run) -> None:
        try:
            self.pacer.wait_for_turn(run.backend)
        except NotYet as not_yet:
            raise _PutOff(not_yet.delay_seconds) from not_yet

    def _pin(self, run: Run, backend: Backend) -> Definition:
        definition = backend.resolve(run.request.parameters)
        return self.runs.pin(run.run_id, run.launch, definition)

    def _follow(self, run: Run) -> None:
        """What is to be done of a run that AWS knows, however often the message comes."""
        if self.streams is not None:
            self.streams.of_launch(run)
        self._pass_on_stop(run)
        self.tell.of_launch(run)

    def _pass_on_stop(self, run: Run) -> None:
        if run.stop is None or run.backend_id is None or run.status is not Status.LAUNCHED:
            return
        backend = self.backends[run.backend]
        backend.stop(run.backend_id, run.request.parameters, run.stop.reason)

    def _end(self, run: Run, code: str, reason: str) -> Run | None:
        return self.endings.of_launch(run, Ending(code=code, reason=reason))
