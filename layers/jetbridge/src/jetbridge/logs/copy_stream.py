"""Copies one stream to one place: continues where the copy ended, as long as there is time."""

import math
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from msgspec import Struct
from msgspec.structs import replace

from jetbridge.contract.lines import Line
from jetbridge.logs.copy_state import CopyState
from jetbridge.logs.missing_lines import late, unreadable, where
from jetbridge.logs.port import Busy, Copies, StreamMissing, TokenExpired, Unreadable
from jetbridge.logs.position import Seen
from jetbridge.logs.reading import BUSY_SECONDS, RESERVE_SECONDS, Reading
from jetbridge.logs.sinks import Sink, StartOver
from jetbridge.queues.copies import LogPart
from jetbridge.queues.patience import PATIENCE, is_over
from jetbridge.queues.port import GiveUp, NotYet

# After this many pages of at most 1 MB, a long log lets the others go first.
SLICE_PAGES = 20
# Lines may be late by this much; later ones may be missing. SendMessage allows no longer delay (API
# reference).
LATEST_SECONDS = 900
# A stream that doesn't exist this long after the stop never will.
MISSING_SECONDS = 30
# The copy is given up after this many invocations in a row that got nothing to the target.
STALLS = 10
# How often what a copy wrote may disappear before the copy is given up.
RESTARTS = 5


class Rest(Struct, frozen=True):
    """The copy isn't done and has to be continued.

    Attributes:
        delay_seconds: when to continue.
        stuck: nothing has come to the target, and nothing was read past.
    """

    delay_seconds: int = 0
    stuck: bool = False


class Superseded(Exception):
    """Another invocation is making this copy: a message was delivered twice."""


class CopyStream(Struct, frozen=True):
    """Attributes:
    settle_seconds: the end of a stream counts when its container has stopped, and its latest
        line was taken in, so long ago.
    slice_pages: how many pages are read before other copies have their turn.
    """

    copies: Copies
    reading: Reading
    settle_seconds: float
    clock: Callable[[], float]
    slice_pages: int = SLICE_PAGES

    def __call__(
        self,
        key: str,
        part: LogPart,
        sink: Sink,
        remaining: Callable[[], float],
        since: float | None = None,
        fresh: bool = False,
        noted: bool = True,
    ) -> tuple[int, Rest | None]:
        """Continue a copy. A copy that may be repeated and is done in one go has no state: none is
        read or written.

        Args:
            remaining: seconds that the invocation has left.
            since: since when the copy has been stuck, epoch seconds; None: it isn't.
            fresh: the message is the first one of this copy; it may be delivered several times.
            noted: the run's last part asks later whether this copy is done.

        Returns:
            How many lines came to the target, and what is left to do.

        Raises:
            GiveUp: the copy can't continue. What was read is at the target, followed by a note that
                says why lines are missing.
        """
        repeatable = sink.replaces and not noted
        state = CopyState() if fresh and repeatable else self.copies.get(key)
        if state.done:
            return 0, None
        work = _Work(self, key, part, sink, state, remaining, repeatable)
        rest = self._go_on(work, sink, key, since, fresh)
        return max(0, work.state.lines - state.lines), rest

    def _go_on(
        self, work: "_Work", sink: Sink, key: str, since: float | None, fresh: bool
    ) -> Rest | None:
        try:
            return self._unless_put_off(work, since)
        except Superseded:
            sink.abandon()
            # The message may have come again because the function died after it saved its first
            # state.
            return Rest() if fresh else None
        except StartOver:
            before = work.state
            restarted = CopyState(version=before.version + 1, restarts=before.restarts + 1)
            return Rest() if self.copies.save(key, restarted) else None

    @staticmethod
    def _unless_put_off(work: "_Work", since: float | None) -> Rest | None:
        try:
            return work.go_on()
        except NotYet as not_yet:
            return work.put_off(not_yet.delay_seconds, str(not_yet), since)
        except Busy as busy:
            return work.put_off(BUSY_SECONDS, str(busy), since)


class _Work:
    """One invocation's share of a copy."""

    def __init__(
        self,
        copy: CopyStream,
        key: str,
        part: LogPart,
        sink: Sink,
        state: CopyState,
        remaining: Callable[[], float],
        repeatable: bool,
    ) -> None:
        self._copy = copy
        self._repeatable = repeatable
        self._key = key
        self._part = part
        self._sink = sink
        self.state = state
        self._position = state.position
        self._seen = Seen(state.position)
        # Whether reading on from ``_position`` would give new lines only.
        self._resumable = self._seen.is_over
        self._pages = 0
        self._remaining = remaining
        self._before = state

    def put_off(self, delay_seconds: int, why: str, since: float | None) -> Rest | None:
        if self._sink.is_empty:
            self._save_position()
        if self._is_stuck and since is not None and is_over(since, self._copy.clock()):
            self._give_up(f"Jetbridge could not continue reading for {PATIENCE} ({why})")
        return Rest(delay_seconds, self._is_stuck)

    @property
    def _is_stuck(self) -> bool:
        before, now = self._before, self.state
        return (before.position, before.lines, before.size) == (now.position, now.lines, now.size)

    def go_on(self) -> Rest | None:
        if self.state.restarts >= RESTARTS:
            self._give_up(f"What the copy had written was deleted {RESTARTS} times")
        while True:
            if self._sink.is_full(self.state):
                self._give_up(f"The log is too long: {self.state.size:,} bytes of it are here")
            if self._remaining() < RESERVE_SECONDS:
                return self._out_of_time()
            if self._pages >= self._copy.slice_pages and self._sink.is_empty and self._resumable:
                self._save_position()
                return Rest()
            try:
                if self._next_page():
                    return self._at_the_end()
            except TokenExpired:
                self._position = self._position.without_token()
                self._seen = Seen(self._position)
                self._resumable = self._seen.is_over
            except StreamMissing as error:
                return self._missing(error)
            except Unreadable as error:
                return self._close(unreadable(self._part, error, begun=False))

    def _next_page(self) -> bool:
        """Read a page and give it to the sink. Returns whether the stream's end was reached."""
        page = self._copy.reading.page(self._part.stream, self._position, self._remaining)
        self._pages += 1
        if page.token == self._position.token and not page.lines:
            return True
        lines = self._seen.drop(page.lines)
        after = replace(
            self._position.behind(lines),
            token=page.token,
            ingested_at=max(self._position.ingested_at, page.ingested_at),
        )
        for state in self._sink.add(self.state, lines, after):
            self._save(replace(state, stalls=0))
            self._position = state.position
        self._position, self._resumable = after, self._seen.is_over
        return False

    def _missing(self, error: StreamMissing) -> Rest | None:
        begun = self._position.last is not None
        wait = self._part.stopped_at / 1000 + MISSING_SECONDS - self._copy.clock()
        if wait > 0 and not begun:
            return Rest(min(LATEST_SECONDS, math.ceil(wait)))
        return self._close(unreadable(self._part, error, begun))

    def _at_the_end(self) -> Rest | None:
        now = self._copy.clock()
        stopped_at = self._part.stopped_at / 1000
        settled_at = max(stopped_at, self._position.ingested_at / 1000)
        settled_at += self._copy.settle_seconds
        if now >= settled_at:
            return self._close()
        if now > stopped_at + LATEST_SECONDS:
            return self._close(late(self._part, now - stopped_at))
        if self._sink.is_empty:
            self._save_position()
        return Rest(min(LATEST_SECONDS, math.ceil(settled_at - now)))

    def _out_of_time(self) -> Rest | None:
        if self._sink.is_empty:
            self._save_position()
        if self._pages and self.state.version == self._before.version:
            if self.state.stalls >= STALLS:
                self._give_up(f"Jetbridge could not continue reading in {STALLS} invocations")
            self._save(replace(self.state, stalls=self.state.stalls + 1))
        return Rest(stuck=self._is_stuck)

    def _save_position(self) -> None:
        """A stretch of empty pages isn't read twice, either."""
        if not self._resumable or self._position == self.state.position:
            return
        self._save(replace(self.state, position=self._position, stalls=0))

    def _give_up(self, why: str) -> NoReturn:
        text = f"{why}: lines are missing. {where(self._part)}"
        with suppress(Busy, NotYet):
            self._close(text)
        raise GiveUp(text)

    def _close(self, text: str = "") -> Rest | None:
        at = self._position.last or self._part.stopped_at
        state = replace(self.state, position=self._position)
        closed = self._sink.close(state, [Line(at, text)] if text else [])
        done = replace(closed, done=True, etags=[])
        if self._repeatable and not self.state.version:
            self.state = done
        else:
            self._save(done)
        return None

    def _save(self, state: CopyState) -> None:
        numbered = replace(state, version=self.state.version + 1)
        if not self._copy.copies.save(self._key, numbered):
            raise Superseded(self._key)
        self._sink.saved()
        self.state = numbered
