"""Reads CloudWatch Logs within an allowance that all functions share."""

import random
import time
from collections.abc import Callable

from msgspec import Struct, field

from jetbridge.aws.back_off import spread
from jetbridge.contract import LogStream
from jetbridge.logs.port import Busy, LogsSource, Page
from jetbridge.logs.position import Position
from jetbridge.pacing.port import Pacer
from jetbridge.queues.port import NotYet

PAUSES = (0.5, 1, 2, 4, 8)
MOST_TURNS = 8
# The end of a log takes two reads, and each turn is a write: turns are taken in pairs. The second
# is used so soon, or not at all.
PAIR = 2
PAIR_SECONDS = 0.5
# How long the message waits when CloudWatch Logs keeps throttling.
BUSY_SECONDS = 30
# What follows the last call of an invocation may take so long: turns, the call, an upload.
RESERVE_SECONDS = 45


class Reading(Struct):
    """Each call waits for its turn. After a throttle, each call takes two turns, then four, then
    eight, so that all functions together slow down. Each call that is answered halves that.
    """

    source: LogsSource
    pacer: Pacer
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = random.random
    clock: Callable[[], float] = time.monotonic
    _turns: int = 1
    _kept: dict[str, float] = field(default_factory=dict)

    def page(self, stream: LogStream, position: Position, remaining: Callable[[], float]) -> Page:
        """One page of a stream; ``remaining`` gives the seconds that the invocation has left.

        Raises:
            StreamMissing, Unreadable, TokenExpired: as the source does.
            NotYet: there is no free turn, or CloudWatch Logs keeps throttling.
        """
        busy: Busy | None = None
        for pause in PAUSES:
            self._wait_for_turns(f"logs#{stream.region}")
            try:
                page = self.source.page(stream, position)
            except Busy as error:
                busy = error
                self._turns = min(MOST_TURNS, self._turns * 2)
                if remaining() < RESERVE_SECONDS:
                    break
                self.sleep(spread(pause, self.jitter))
            else:
                self._turns = max(1, self._turns // 2)
                return page
        raise NotYet(f"CloudWatch Logs can't answer now: {busy}", BUSY_SECONDS) from busy

    def _wait_for_turns(self, name: str) -> None:
        until = self._kept.pop(name, None)
        if self._turns > 1:
            for _ in range(self._turns):
                self.pacer.wait_for_turn(name)
        elif until is None or self.clock() > until:
            self.pacer.wait_for_turn(name, turns=PAIR)
            self._kept[name] = self.clock() + PAIR_SECONDS
