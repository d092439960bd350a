"""launch_run: the only launcher. At most one task or job per launch, across any crash."""

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from jetbridge.backends.parameters import launch_parameters
from jetbridge.backends.port import Backend, LaunchRefused, Throttled, Unanswered
from jetbridge.failures import LOST_CODE
from jetbridge.launching.attempts import find, forgotten
from jetbridge.launching.endings import Endings
from jetbridge.launching.put_off import Postpone, PutOff, Turns
from jetbridge.launching.queue_launch import queue_launch
from jetbridge.launching.supersede import stop_superseded
from jetbridge.progress.launched import LaunchedWriter
from jetbridge.queues.messages import LaunchMessage, NamedDefinition, StopMessage
from jetbridge.queues.port import NotYet, Queue
from jetbridge.runs.names import LaunchName
from jetbridge.runs.port import Runs, Written
from jetbridge.runs.reports import Ending
from jetbridge.runs.run import UNLAUNCHED, Definition, Run, Status

if TYPE_CHECKING:
    from jetbridge.logs.live.owners import StreamOwners

CONTENDED_SECONDS = 5
UNANSWERED_SECONDS = 5

STOPPED_BEFORE_LAUNCH = "StoppedBeforeLaunch"


_Hindrance = Throttled | Unanswered | PutOff


class Launch(Struct, frozen=True):
    runs: Runs
    backends: Mapping[str, Backend]
    endings: Endings
    launches: Queue[LaunchMessage]
    stops: Queue[StopMessage]
    turns: Turns
    launched: LaunchedWriter
    stack_key: str
    clock: Callable[[], float] = time.time
    streams: "StreamOwners | None" = None

    def __call__(
        self,
        run_id: str,
        launch: int,
        since: float | None = None,
        named: NamedDefinition | None = None,
    ) -> Run | None:
        """Launch a run's current launch, unless that has happened already. Returns the row after
        it.

        If a stop was requested since, it is passed on, however often the message comes. When AWS
        throttles or the pacer has no turn, the message is sent again as a new one, so that waiting
        never makes it a dead letter. That goes on until the run's timeout, or for
        ``PATIENCE_SECONDS`` if the run has none or can't be ended either.

        Args:
            since: when the message was first put off, epoch seconds; None: it never was.
            named: the run's definition, if no attempt to launch it has begun and it waits for
                nothing.

        Raises:
            GiveUp: it was put off for too long. If the run wasn't launched, it has ended.
            NotYet: it isn't known yet what an earlier attempt launched, or another delivery of the
                same message is being handled.
        """
        claim, hindered = Written(False, None), None
        try:
            if named is not None:
                claim = self._claim(run_id, launch, named)
        except (Throttled, Unanswered, PutOff) as hindrance:
            hindered = hindrance
        run = claim.row or self.runs.get(run_id)
        if run is None:
            return None
        recorded = False
        try:
            if claim.changed:
                run, recorded = self._launch_claimed(run)
            elif run.launch == launch and run.status in UNLAUNCHED:
                run = self._take_up(run, hindered)
            else:
                self.endings.follow_up(run, launch)
            if run is not None:
                self._follow(run, recorded)
        except (Throttled, PutOff) as later:
            if run is not None:
                postpone = Postpone(self.runs, self.endings, self.launches, self.clock)
                postpone(run, launch, since, later)
        except Unanswered as lost:
            raise NotYet(str(lost), UNANSWERED_SECONDS) from lost
        return run

    def _take_up(self, run: Run, hindered: _Hindrance | None) -> Run | None:
        """Launch, or find what was launched. Returns the row after it.

        ``hindered``: why this message has already been put off by AWS or the pacer. It is raised
        before they would be asked again.
        """
        if run.stop is None and run.not_before is not None and run.not_before > self.clock():
            queue_launch(self.launches, run, self.clock())
            return run
        backend = self.backends[run.backend]
        name = LaunchName(self.stack_key, run.run_id, run.launch)
        backend_id = find(run, backend, name, self.clock())
        if backend_id is None:
            if run.stop is not None:
                return self._end(run, STOPPED_BEFORE_LAUNCH, run.stop.reason)
            if forgotten(run, self.clock()):
                return self._end(run, LOST_CODE, f"attempted long ago, and AWS doesn't know {name}")
            try:
                backend_id = self._launch(run, backend, name, hindered)
            except LaunchRefused as refusal:
                return self._end(run, refusal.code, refusal.reason)
        return self._answered(run, backend_id)

    def _claim(self, run_id: str, launch: int, named: NamedDefinition) -> Written:
        """Claim the launch without reading the row first. If AWS refuses the definition, the caller
        reads the row and decides.

        Raises:
            Throttled, Unanswered, PutOff: nothing was claimed.
        """
        try:
            # Before the turn: a launch that is late for its turn would coincide with the next
            # turns.
            definition = self.backends[named.backend].resolve(named.parameters)
        except LaunchRefused:
            return Written(False, None)
        self.turns.wait_for_turn(named.backend)
        return self.runs.claim_first(run_id, launch, self.clock(), definition)

    def _launch_claimed(self, run: Run) -> tuple[Run | None, bool]:
        """Returns the row after it, and whether the launched record has been written."""
        assert run.definition is not None  # nosec B101 # narrows the type
        assert run.last_attempt_at is not None  # nosec B101 # narrows the type
        before = replace(run, status=Status.ACCEPTED, first_attempt_at=None, last_attempt_at=None)
        stop_superseded(self.stops, run)
        try:
            _check_named(run.request.deciding_container, run.definition)
            backend_id = self._ask(before, run.definition, run.last_attempt_at)
        except LaunchRefused as refusal:
            return self._end(run, refusal.code, refusal.reason), False
        launched = self.launched.at_answer(run, backend_id)
        if launched is not None:
            return launched, True
        return self._answered(run, backend_id), False

    def _answered(self, run: Run, backend_id: str) -> Run | None:
        launched = self.runs.launched(run.run_id, run.launch, backend_id)
        return launched or self.runs.get(run.run_id)

    def _launch(
        self, run: Run, backend: Backend, name: LaunchName, hindered: _Hindrance | None
    ) -> str:
        if run.launch == 1:
            stop_superseded(self.stops, run)
        if hindered is not None:
            raise hindered
        self.turns.take_slot(run)
        self.turns.wait_for_turn(run.backend)
        # Only now: a launch that is put off would resolve it at each attempt.
        definition = run.definition or self._resolve(run, backend)
        now = self.clock()
        claimed = self.runs.begin_launch(run, now, definition)
        if claimed is None:
            raise NotYet(f"{name} is being launched or stopped already", CONTENDED_SECONDS)
        return self._ask(run, claimed.definition or definition, now)

    def _ask(self, before: Run, definition: Definition, now: float) -> str:
        """Call RunTask or SubmitJob. ``before`` is the row before the launch was claimed at
        ``now``."""
        name = LaunchName(self.stack_key, before.run_id, before.launch)
        try:
            known = replace(before, definition=definition)
            parameters = _parameters(known)
            return self.backends[before.backend].launch(name, parameters, definition)
        except Throttled:
            self.runs.take_back(before, now)
            raise

    @staticmethod
    def _resolve(run: Run, backend: Backend) -> Definition:
        definition = backend.resolve(run.request.parameters)
        _check_named(run.request.deciding_container, definition)
        return definition

    def _follow(self, run: Run, recorded: bool) -> None:
        """What follows when AWS knows the run's task or job, however often the message comes."""
        if self.streams is not None:
            self.streams.at_launch(run)
        self._pass_on_stop(run)
        if not recorded:
            self.launched.at_launch(run)

    def _pass_on_stop(self, run: Run) -> None:
        if run.stop is None or run.backend_id is None or run.status is not Status.LAUNCHED:
            return
        backend = self.backends[run.backend]
        backend.stop(run.backend_id, run.request.parameters, run.stop.reason)

    def _end(self, run: Run, code: str, reason: str) -> Run | None:
        return self.endings.after_launch(run, Ending(code=code, reason=reason))


def _parameters(run: Run) -> dict[str, Any]:
    parameters = launch_parameters(run)
    if not run.request.traceparent:
        return parameters
    # Most runs have none, and a cold start does without.
    from jetbridge.launching.trace import with_traceparent

    return with_traceparent(run, parameters)


def _check_named(container: str | None, definition: Definition) -> None:
    """Check ``deciding_container``: only the definition says which containers there are.

    Raises:
        LaunchRefused: the definition has no container of this name.
    """
    names = [source.container for source in definition.log_sources]
    if container is not None and names and container not in names:
        raise LaunchRefused(
            "InvalidParameterException",
            f"deciding_container is {container!r}, and {definition.arn} has the containers "
            f"{', '.join(names)}: name one of them",
        )
