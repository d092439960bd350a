"""Live logs' ports in memory, and functions that work at the same time."""

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from jetbridge.contract import S3LogTarget
from jetbridge.logs.live import pieces as live_pieces
from jetbridge.logs.live import relay
from jetbridge.logs.live.pieces import Piece, name_of
from jetbridge.logs.live.port import Progress, Stored
from jetbridge.logs.live.streams import LiveStream, Named
from jetbridge_testing.steps import Crash


class MemoryLive:
    def __init__(self) -> None:
        self.streams: dict[tuple[str, str], LiveStream] = {}
        self.runs: dict[str, Progress] = {}
        self.finds = 0

    def note(self, named: Named) -> None:
        self.streams.setdefault((named.group, named.name), named.stream)

    def find(self, group: str, name: str) -> LiveStream | None:
        self.finds += 1
        return self.streams.get((group, name))

    def progress(self, run_id: str) -> Progress:
        return self.runs.get(run_id, Progress())

    def advance(self, run_id: str, sequence: int) -> None:
        known = self.progress(run_id)
        self.runs[run_id] = known._replace(sequence=max(known.sequence, sequence))

    def close(self, run_id: str) -> None:
        self.runs[run_id] = self.progress(run_id)._replace(closed=True)


class MemoryPieces:
    """Checks with each write that the limits hold."""

    def __init__(self) -> None:
        self.objects: dict[tuple[S3LogTarget, int], Stored] = {}
        self.removals = 0
        self._writes = 0

    def read(self, target: S3LogTarget, number: int) -> Stored | None:
        return self.objects.get((target, number))

    def write(self, target: S3LogTarget, number: int, piece: Piece, before: str | None) -> bool:
        found = self.objects.get((target, number))
        if (found.tag if found else None) != before:
            return False
        self._writes += 1
        self.objects[target, number] = Stored(piece, str(self._writes))
        assert 0 <= number < live_pieces.PIECES
        assert piece.size <= live_pieces.PIECE_BYTES
        assert len(piece.taken) <= live_pieces.REMEMBERED
        assert piece.lines
        return True

    def remove(self, target: S3LogTarget) -> None:
        self.removals += 1
        for number in range(live_pieces.PIECES):
            self.objects.pop((target, number), None)

    def lines(self, target: S3LogTarget) -> list[bytes]:
        """As Airflow reads them: every object with the try's prefix, in the order of the keys."""
        found = {
            name_of(n): stored for (where, n), stored in self.objects.items() if where == target
        }
        return [line for _, stored in sorted(found.items()) for line in stored.piece.lines]


@contextmanager
def small_pieces(pieces: int, piece_bytes: int) -> Iterator[None]:
    """Limits that a test reaches with few lines."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(live_pieces, "PIECES", pieces)
        patch.setattr(relay, "PIECES", pieces)
        patch.setattr(live_pieces, "PIECE_BYTES", piece_bytes)
        patch.setattr(live_pieces, "_NOTE_BYTES", 400)
        yield


class Together:
    """Runs functions at the same time, one port call of one of them after the other.

    Which goes on, and which dies, is drawn from ``chance``; the same seed gives the same history.
    """

    def __init__(self, chance: random.Random, deaths: float) -> None:
        self._chance = chance
        self._deaths = deaths
        self._ready: dict[int, threading.Semaphore] = {}
        self._doomed: set[int] = set()
        self._back = threading.Semaphore(0)
        self.may_die: set[int] = set()

    def run(self, *functions: Callable[[], None]) -> None:
        """Until all have ended; raises what one of them raised."""
        errors: list[BaseException] = []

        def body(function: Callable[[], None]) -> None:
            self._ready[threading.get_ident()] = mine = threading.Semaphore(0)
            self._back.release()
            mine.acquire()
            try:
                function()
            except BaseException as error:
                errors.append(error)
            del self._ready[threading.get_ident()]
            self._back.release()

        threads = [threading.Thread(target=body, args=[each], daemon=True) for each in functions]
        order = []
        for thread in threads:
            thread.start()
            self._back.acquire()
            order.append(thread.ident)
        while living := [ident for ident in order if ident in self._ready]:
            self._ready[self._chance.choice(living)].release()
            self._back.acquire()
        if errors:
            raise errors[0]

    def pass_moment(self) -> None:
        """Let others run; this function may die here."""
        me = threading.get_ident()
        self._back.release()
        self._ready[me].acquire()
        if me in self.may_die and self._chance.random() < self._deaths:
            raise Crash

    def mortal(self, yes: bool) -> None:
        """Whether the calling function may die."""
        (self.may_die.add if yes else self.may_die.discard)(threading.get_ident())

    def watch(self, port: Any) -> Any:
        return _Watched(port, self)


class _Watched:
    def __init__(self, port: Any, together: Together) -> None:
        self._port = port
        self._together = together

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._port, name)

        def call(*args: Any) -> Any:
            self._together.pass_moment()
            answer = member(*args)
            self._together.pass_moment()
            return answer

        return call
