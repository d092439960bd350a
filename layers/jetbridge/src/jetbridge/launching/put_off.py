"""Launches that are put off: AWS throttles them, or there is no turn or no slot for them yet."""

from collections.abc import Callable
from typing import NoReturn

from msgspec import Struct

from jetbridge.aws.back_off import spread
from jetbridge.backends.port import Throttled
from jetbridge.concurrency.port import Groups
from jetbridge.contract import StopCause, Wait
from jetbridge.launching.endings import Endings
from jetbridge.pacing.port import Pacer
from jetbridge.queues.groups import message_group
from jetbridge.queues.messages import LaunchMessage
from jetbridge.queues.patience import PATIENCE, is_over, throttled_seconds
from jetbridge.queues.port import GiveUp, NotYet, Queue
from jetbridge.runs.port import Runs
from jetbridge.runs.reports import Ending
from jetbridge.runs.run import UNLAUNCHED, Run, Stop

# The code of a launch that was put off for too long.
PUT_OFF_TOO_LONG = "PutOffTooLong"
BY = "Jetbridge"


class PutOff(Exception):
    """Nothing was launched yet, for a reason that will pass. The message is sent again after
    ``delay_seconds``. None: the longer it has waited, the longer the delay, as for AWS's
    throttles."""

    def __init__(self, reason: str, delay_seconds: int | None, what: Wait = "launch_queue") -> None:
        super().__init__(reason)
        self.delay_seconds = delay_seconds
        self.what = what


class Turns(Struct, frozen=True):
    """What a launch needs before AWS may be called: a turn, and a slot of its concurrency group."""

    pacer: Pacer
    groups: Groups | None = None

    def take_slot(self, run: Run) -> None:
        """Take a slot before the run's first launch. The run keeps it until `HandOver` frees it at
        the end."""
        group = run.request.concurrency_group
        if self.groups is None or group is None or self.groups.take(group, run.run_id):
            return
        limit = self.groups.limit(group)
        reason = f"{limit} runs of concurrency group {group} are in flight, which is its limit"
        raise PutOff(reason, None, "concurrency_group")

    def wait_for_turn(self, backend: str) -> None:
        """Raises: PutOff"""
        try:
            self.pacer.wait_for_turn(backend)
        except NotYet as not_yet:
            raise PutOff(str(not_yet), not_yet.delay_seconds) from not_yet


class Postpone(Struct, frozen=True):
    """Sends the message of a launch that was put off again, until the run's timeout, or for
    ``PATIENCE_SECONDS`` if the run has none or can't be ended either."""

    runs: Runs
    endings: Endings
    launches: Queue[LaunchMessage]
    clock: Callable[[], float]

    def __call__(
        self, run: Run, launch: int, since: float | None, later: Throttled | PutOff
    ) -> None:
        """Send the message again. A run that has timed out ends with the next attempt.

        Raises:
            GiveUp: it was put off for too long. If the run wasn't launched, it has ended.
        """
        now = self.clock()
        began = now if since is None else since
        if is_over(max(began, run.deadline or 0.0), now):
            self._give_up(run, launch, later)
        if run.deadline is not None and run.deadline <= now:
            reason = f"timed out after {run.request.timeout_seconds} s"
            stop = Stop(cause=StopCause.TIMEOUT, reason=reason, by=BY)
            self.runs.request_stop(run.run_id, stop)
        throttled = throttled_seconds(began, now)
        what: Wait = "throttle"
        delay = throttled
        if isinstance(later, PutOff):
            # Spread out, so that one of them soon asks for a slot that has become free.
            what, delay = later.what, later.delay_seconds or round(spread(throttled))
        if self.endings.waits is not None and run.launch == launch and run.status in UNLAUNCHED:
            self.endings.waits.for_turn(run, what, str(later), began, now + delay)
        message = LaunchMessage(run_id=run.run_id, launch=launch, since=began)
        self.launches.send(message, delay, message_group(run.request.caller))

    def _give_up(self, run: Run, launch: int, later: Exception) -> NoReturn:
        what = f"launch {launch} of run {run.run_id}"
        if run.launch == launch and run.status in UNLAUNCHED:
            # Not in AWS's words: the failure policy would read them as those on a running task.
            reason = f"AWS throttled its launch, or there was no turn for it, for {PATIENCE}"
            self.endings.after_launch(run, Ending(code=PUT_OFF_TOO_LONG, reason=reason))
            raise GiveUp(f"{what} was put off for {PATIENCE}, and the run has ended: {later}")
        raise GiveUp(f"{what} could not be stopped for {PATIENCE}: {later}")
