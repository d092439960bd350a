"""finish_run: the last lines of a run, read while there is time, within the shared allowance."""

import math
import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from jetbridge.contract import LogStream
from jetbridge.logs.port import LogsSource, Unreadable
from jetbridge.logs.settling import stopped_at
from jetbridge.outcomes.tails import Tail
from jetbridge.pacing.port import Pacer
from jetbridge.queues.messages import Times
from jetbridge.queues.port import NotYet
from jetbridge.runs.run import Ending

# One page of GetLogEvents, which AWS also bounds to 1 MB (API reference of GetLogEvents).
TAIL_PAGE_LINES = 10_000
# How often missing lines are looked for while they are waited for: the finish queue gives up a
# message after 100 receives.
SETTLE_LOOKS = 5
# A stop further in the future than clocks differ tells nothing of how long to wait.
CLOCKS_DIFFER_SECONDS = 5
# What can't be read is looked for again until so long after the first look; what is known then is
# sealed: within a minute in all.
PATIENCE_SECONDS = 45
# When AWS throttles the reading of logs, many runs end at once. They should come again at different
# times.
BUSY_SECONDS = (10, 20)
# A run whose task needs the result waits longer, each time a tenth of what it has waited or more:
# in an hour, some 75 of 100 receives at most.
LONGEST_BUSY_SECONDS = 60
# How long a look may wait for its turn to read: of one that may come again, and of one that may
# not, behind which others wait in the queue.
TURN_SECONDS = 1.0
LAST_TURN_SECONDS = 0.25
# In a look, no read is begun so long after the first look, or where that is over, after the look's
# own begin: one that hangs takes 6 s (wiring).
LAST_READ_SECONDS = 52
LOOK_SECONDS = 8
# A read isn't begun when the invocation has less than this left: it may hang, and then a batch of
# five is sealed and delivered.
RESERVE_SECONDS = 15
NO_TIME_SECONDS = (1, 3)


def _unlimited() -> float:
    return math.inf


@dataclass(frozen=True)
class Look:
    """One look at a run's logs, for an outcome.

    Attributes:
        began: when, epoch seconds.
        since: the first look.
        sent: when the message was sent that asked for it.
        needed: the run's task needs the result.
        remaining: gives the seconds that the invocation has left.
    """

    began: float
    since: float
    sent: float
    needed: bool
    remaining: Callable[[], float] = _unlimited

    @property
    def last_read(self) -> float:
        """Until when a read may be begun."""
        until = self.since + LAST_READ_SECONDS
        return until if self.began < until else self.began + LOOK_SECONDS

    @classmethod
    def of(
        cls, times: Times, ending: Ending, needed: bool, remaining: Callable[[], float], now: float
    ) -> "Look":
        """Without the times of its message, the first look was when the containers stopped; where
        that isn't known either, this is the last."""
        stopped = stopped_at(ending)
        since = times.first_received if times.first_received is not None else stopped
        if since is None or since > now + CLOCKS_DIFFER_SECONDS:
            since = -math.inf
        sent = times.sent if times.sent is not None else since
        return cls(now, since, min(sent, since), needed, remaining)


@dataclass(frozen=True)
class Tails:
    """Attributes:
    settle_seconds: how long after its stop a container's missing lines are waited for.
    result_wait_seconds: how long a result is waited for that the run's task needs.
    pacer: gives the turns that copy_logs takes, too; None: there is no allowance.
    """

    source: LogsSource
    settle_seconds: float
    result_wait_seconds: float = 900
    pacer: Pacer | None = None
    clock: Callable[[], float] = time.time

    def read(self, streams: list[LogStream], ending: Ending, look: Look) -> list[Tail]:
        """The last lines of each stream, as far as they can be read, within the look's time.

        Raises:
            NotYet: a later look may read more, and there is time for one.
        """
        return [self._read(stream, ending, look) for stream in streams]

    def wait_for_result(self, missing: list[Tail], look: Look) -> None:
        """Raises: NotYet: the result may be known later, and there is time for that."""
        wait = self.result_wait_seconds - RESERVE_SECONDS
        waited = self.clock() - look.since
        if waited < wait and missing and all(tail.later for tail in missing):
            raise self._again(f"the result can't be read: {missing[0].unread}", look, wait)

    def _read(self, stream: LogStream, ending: Ending, look: Look) -> Tail:
        if look.remaining() < RESERVE_SECONDS or self.clock() > look.last_read:
            return self._without_time(stream, look)
        try:
            self._wait_for_turn(stream.region, look)
        except Exception as error:
            # A queue so long that this message is old isn't read in time by waiting.
            old = self._is_over(look.sent) and not look.needed
            return self._unread(stream, f"no turn to read it was free ({error})", look, old)
        try:
            lines = self.source.tail(stream, TAIL_PAGE_LINES)
        except Unreadable as unreadable:
            return Tail(stream, [], str(unreadable) or "AWS doesn't say why")
        except Exception as error:  # whatever else happens, the outcome is sealed
            return self._unread(stream, str(error) or type(error).__name__, look)
        if not lines:
            self._wait_for_lines(stream, ending)
        if lines is None and ending.started_at is not None:
            return Tail(stream, [], "it does not exist", later=True)
        return Tail(stream, [line.message for line in lines or []])

    def _wait_for_turn(self, region: str, look: Look) -> None:
        if self.pacer is None:
            return
        last = self._is_over(look.sent) and not look.needed
        self.pacer.wait_for_turn(f"logs#{region}", LAST_TURN_SECONDS if last else TURN_SECONDS)

    def _unread(self, stream: LogStream, why: str, look: Look, over: bool = False) -> Tail:
        if not over and not self._is_over(look.since):
            raise self._again(f"{stream.stream} can't be read now: {why}", look, PATIENCE_SECONDS)
        return Tail(stream, [], why, later=True)

    def _without_time(self, stream: LogStream, look: Look) -> Tail:
        """Another batch may have time, unless it is too late for one."""
        why = "other logs, which did not answer, took all the time"
        if self.clock() - look.since < LAST_READ_SECONDS - NO_TIME_SECONDS[1]:
            raise NotYet(f"{stream.stream} isn't read yet: {why}", _some(NO_TIME_SECONDS))
        return Tail(stream, [], why, later=True)

    def _wait_for_lines(self, stream: LogStream, ending: Ending) -> None:
        stopped = stopped_at(ending)
        if ending.started_at is None or stopped is None:
            return
        since = self.clock() - stopped
        if -CLOCKS_DIFFER_SECONDS <= since < self.settle_seconds:
            delay = max(1, round(self.settle_seconds / SETTLE_LOOKS))
            rest = math.ceil(self.settle_seconds - since)
            raise NotYet(f"{stream.stream} has no lines yet", min(delay, rest))

    def _again(self, why: str, look: Look, until: float) -> NotYet:
        """After some seconds, or where less is left until the last look, then."""
        waited = self.clock() - look.since
        least = max(BUSY_SECONDS[0], min(LONGEST_BUSY_SECONDS, int(waited / 10)))
        delay = _some((least, 2 * least))
        return NotYet(why, max(1, min(delay, math.ceil(until - waited))))

    def _is_over(self, since: float) -> bool:
        return self.clock() - since >= PATIENCE_SECONDS


def _some(seconds: tuple[int, int]) -> int:
    # Spreads calls over time, and is no secret.
    return random.randint(*seconds)  # nosec B311
