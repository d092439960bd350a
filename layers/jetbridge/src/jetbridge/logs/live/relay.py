"""relay_logs: show lines in Airflow while the container runs."""

import hashlib
import random
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from msgspec import Struct, field

from jetbridge.aws.back_off import back_off
from jetbridge.contract import S3LogTarget
from jetbridge.contract.lines import Line
from jetbridge.logs.live.memory import (
    FOREIGN_SECONDS,
    RUN_SECONDS,
    STREAM_SECONDS,
    UNKNOWN_SECONDS,
    KnownRun,
    Memory,
)
from jetbridge.logs.live.pieces import PIECES, Piece, place, shown_lines
from jetbridge.logs.live.port import Live, Pieces, Progress
from jetbridge.logs.live.streams import LiveStream, s3_targets
from jetbridge.runs.port import Runs

# A job's first lines may come before the event that says which run they belong to.
WAITS = (0.5, 1.0, 2.0)
# Others write to the same try's pieces at the same time.
ATTEMPTS = 20
PAUSE_SECONDS = 0.05
LONGEST_PAUSE_SECONDS = 1.0


class LogEvent(NamedTuple):
    """A line of a delivery, with CloudWatch Logs' id of it."""

    id: str
    line: Line


class Relayed(NamedTuple):
    """The result of a delivery; ``run_id`` is None if the stream belongs to no run."""

    run_id: str | None
    lines: int


class Contended(Exception):
    """Other invocations kept writing to the same pieces, or S3 hides that it denies them. Lambda
    delivers these lines again."""


class Relay(Struct, frozen=True):
    runs: Runs
    live: Live
    pieces: Pieces
    memory: Memory
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    chance: random.Random = field(default_factory=random.Random)

    def __call__(self, group: str, name: str, events: Sequence[LogEvent]) -> Relayed:
        """Show a delivery's lines in each try that waits for the run.

        A delivery may come again, and several may be handled at the same time. If the run's log
        turns out to be copied after the lines were written, they are removed again.

        Raises: Contended
        """
        stream = self._stream(group, name) if events else None
        if stream is None:
            return Relayed(None, 0)
        known = self._run(stream.run_id)
        if known.progress.closed:
            # An earlier attempt at this delivery may have written a piece and died before it looked
            # for the mark.
            self._remove(known.targets)
            return Relayed(stream.run_id, 0)
        lines = shown_lines([event.line for event in events], stream.logger)
        delivery = _delivery(group, name, events)
        for target in known.targets:
            self._show(stream.run_id, target, delivery, lines, known.progress.sequence)
        if self.live.progress(stream.run_id).closed:
            self._remove(known.targets)
        return Relayed(stream.run_id, len(lines) if known.targets else 0)

    def _stream(self, group: str, name: str) -> LiveStream | None:
        key = (group, name)
        known = self.memory.streams.get(key)
        if known is not None or self.memory.unknown.get(key):
            return known
        found = self.live.find(group, name)
        if found is None and not self.memory.waited_for.get(key):
            found = self._wait_for(group, name)
        if found is None:
            self.memory.unknown.put(key, True, UNKNOWN_SECONDS)
            return None
        return self.memory.streams.put(key, found, STREAM_SECONDS)

    def _wait_for(self, group: str, name: str) -> LiveStream | None:
        for seconds in WAITS:
            self.sleep(seconds)
            found = self.live.find(group, name)
            if found is not None:
                return found
        self.memory.waited_for.put((group, name), True, FOREIGN_SECONDS)
        return None

    def _run(self, run_id: str) -> KnownRun:
        known = self.memory.runs.get(run_id)
        if known is not None:
            return known
        run = self.runs.get(run_id)
        targets = s3_targets(run) if run is not None else []
        known = KnownRun(targets, self.live.progress(run_id))
        return self.memory.runs.put(run_id, known, RUN_SECONDS)

    def _show(
        self,
        run_id: str,
        target: S3LogTarget,
        delivery: str,
        lines: Sequence[bytes],
        sequence: int,
    ) -> None:
        """Add lines to the newest piece and the pieces after it."""
        empty, done, conflicts = Piece(sequence), 0, 0
        while True:
            stored = self.pieces.read(target, place(empty.sequence))
            piece = empty
            if stored is not None and stored.piece.sequence >= empty.sequence:
                piece = stored.piece
            done = max(done, piece.taken.get(delivery, 0))
            if done >= len(lines):
                return
            longer = piece.with_lines(delivery, lines, done)
            if longer is None:
                empty = piece.next()
                self._make_room(target, empty.sequence)
                continue
            tag = stored.tag if stored else None
            if not self.pieces.write(target, place(longer.sequence), longer, tag):
                conflicts += 1
                self._pause(conflicts, run_id)
                continue
            done = longer.taken[delivery]
            if longer.sequence > sequence:
                sequence = self._advance(run_id, longer.sequence)

    def _make_room(self, target: S3LogTarget, sequence: int) -> None:
        """Before lines are replaced for the first time, leave a line there that says so."""
        if sequence != PIECES:
            return
        stored = self.pieces.read(target, place(0))
        noted = stored.piece.with_note() if stored is not None else None
        if stored is not None and noted is not None:
            self.pieces.write(target, place(0), noted, stored.tag)

    def _pause(self, conflicts: int, run_id: str) -> None:
        if conflicts >= ATTEMPTS:
            raise Contended(
                f"other invocations keep writing to the pieces of run {run_id}, or relay_logs may"
                " not read or write them (s3:GetObject, s3:PutObject)"
            )
        longest = back_off(PAUSE_SECONDS, conflicts, LONGEST_PAUSE_SECONDS)
        self.sleep(self.chance.uniform(0, longest))

    def _advance(self, run_id: str, sequence: int) -> int:
        self.live.advance(run_id, sequence)
        known = self.memory.runs.get(run_id)
        if known is not None:
            self.memory.runs.replace(run_id, known._replace(progress=Progress(sequence)))
        return sequence

    def _remove(self, targets: Sequence[S3LogTarget]) -> None:
        for target in targets:
            self.pieces.remove(target)


def _delivery(group: str, name: str, events: Sequence[LogEvent]) -> str:
    """The same for the same lines of a stream, and short."""
    text = "\0".join([group, name, events[0].id, events[-1].id, str(len(events))])
    return hashlib.sha256(text.encode()).hexdigest()[:10]
