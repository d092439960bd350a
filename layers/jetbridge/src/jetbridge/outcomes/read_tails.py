"""finish_run: reads the last lines of a run within its time and the shared rate of reads."""

import math
import random
import time
from collections.abc import Callable

from msgspec import Struct

from jetbridge.contract import LogStream
from jetbridge.logs.port import LogsSource, Unreadable
from jetbridge.logs.settling import stopped_at
from jetbridge.outcomes.tails import Tail
from jetbridge.pacing.port import Pacer
from jetbridge.queues.messages import Times
from jetbridge.queues.port import NotYet
from jetbridge.runs.reports import Ending

# One page of GetLogEvents, which AWS also limits to 1 MB (API reference of GetLogEvents).
TAIL_PAGE_LINES = 10_000
# The pause between two looks for missing lines. The finish queue gives up a message after 100
# receives.
SETTLE_LOOKS = 5
# A container's stop may lie in the future because clocks differ. Beyond this, it isn't used.
CLOCKS_DIFFER_SECONDS = 5
# How long after the first look finish_run tries to read what it couldn't read. Then it seals what
# is known. In all, this takes less than a minute.
PATIENCE_SECONDS = 45
# When AWS throttles the reading of logs, many runs are ending at once. Their messages should come
# back at different times.
BUSY_SECONDS = (10, 20)
# A run whose task needs the result waits longer. Each pause is at least a tenth of the time waited
# so far. In an hour this makes some 75 of the 100 receives at most.
LONGEST_BUSY_SECONDS = 60
# How long a look may wait for its turn to read. The first limit is for a look that can be repeated;
# the second is for a last look, because other messages wait behind it.
TURN_SECONDS = 1.0
LAST_TURN_SECONDS = 0.25
# A look starts no read later than this after the first look, or, if that time is over, after its
# own start. A read that hangs takes 6 s (wiring).
LAST_READ_SECONDS = 52
LOOK_SECONDS = 8
# A read isn't started if the invocation has less time left than this. The read may hang, and
# finish_run still has to seal and deliver a batch of five.
RESERVE_SECONDS = 15
NO_TIME_SECONDS = (1, 3)


def _unlimited() -> float:
    return math.inf


class Look(Struct, frozen=True):
    """One look at a run's logs, for an outcome.

    Attributes:
        began: when this look started, epoch seconds.
        since: when the first look started, epoch seconds.
        sent: when the message for this look was sent, epoch seconds.
        needed: whether the run's task needs the result.
        remaining: returns the seconds that the invocation has left.
    """

    began: float
    since: float
    sent: float
    needed: bool
    remaining: Callable[[], float] = _unlimited

    @property
    def last_read(self) -> float:
        """The latest time at which a read may start."""
        until = self.since + LAST_READ_SECONDS
        return until if self.began < until else self.began + LOOK_SECONDS

    @classmethod
    def of(
        cls, times: Times, ending: Ending, needed: bool, remaining: Callable[[], float], now: float
    ) -> "Look":
        """A message without times: the first look was when the containers stopped. If that isn't
        known either, this look is the last."""
        stopped = stopped_at(ending)
        since = times.first_received if times.first_received is not None else stopped
        if since is None or since > now + CLOCKS_DIFFER_SECONDS:
            since = -math.inf
        sent = times.sent if times.sent is not None else since
        return cls(now, since, min(sent, since), needed, remaining)


class Tails(Struct, frozen=True):
    """Reads last lines.

    Attributes:
        settle_seconds: how long after its stop finish_run waits for a container's missing lines.
        result_wait_seconds: how long finish_run waits for a result that the run's task needs.
        pacer: gives turns, shared with copy_logs; None: reads are not limited.
    """

    source: LogsSource
    settle_seconds: float
    result_wait_seconds: float = 900
    pacer: Pacer | None = None
    clock: Callable[[], float] = time.time

    def read(self, streams: list[LogStream], ending: Ending, look: Look) -> list[Tail]:
        """The last lines of each stream, as far as they can be read within the look's time.

        Raises:
            NotYet: a later look may read more, and there is time for one.
        """
        return [self._read(stream, ending, look) for stream in streams]

    def wait_for_result(self, missing: list[Tail], look: Look) -> None:
        """Raises: NotYet: a later look may find the result, and there is time for one."""
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
            # This message is old because the queue is long. More waiting wouldn't help.
            old = self._is_over(look.sent) and not look.needed
            return self._unread(stream, f"no turn to read it was free ({error})", look, old)
        try:
            lines = self.source.tail(stream, TAIL_PAGE_LINES)
        except Unreadable as unreadable:
            return Tail(stream, [], str(unreadable) or "AWS doesn't say why")
        except Exception as error:  # in any case, seal the outcome
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
        """A later batch may have more time to read, unless it is too late for another look."""
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
        """Come back after some seconds, or at the last look if that is sooner."""
        waited = self.clock() - look.since
        least = max(BUSY_SECONDS[0], min(LONGEST_BUSY_SECONDS, int(waited / 10)))
        delay = _some((least, 2 * least))
        return NotYet(why, max(1, min(delay, math.ceil(until - waited))))

    def _is_over(self, since: float) -> bool:
        return self.clock() - since >= PATIENCE_SECONDS


def _some(seconds: tuple[int, int]) -> int:
    # Spreads calls over time; it isn't used for security.
    return random.randint(*seconds)  # nosec B311
