"""The pieces in which a try's lines are shown while its containers run.

Airflow's api-server downloads every object of a try's log whole on each refresh, so there are at
most ``PIECES`` of them, each of at most ``PIECE_BYTES``. Pieces are numbered by their sequence.
The first one keeps the beginning; the others take turns in the places behind it, so that the
newest lines replace the oldest of those.
"""

from collections.abc import Iterable, Sequence
from heapq import merge

import msgspec
from msgspec import Struct

from jetbridge.contract.lines import Line
from jetbridge.logs.airflow_lines import airflow_line

PIECES = 20
PIECE_BYTES = 256 * 1024
# Limit of a single line, so that it fits a piece even if JSON has to escape all of it.
LINE_CHARACTERS = 8_000
# How many deliveries a piece remembers, so that a repeated one adds nothing. They are in the
# object's metadata, which S3 limits to 2 KB.
REMEMBERED = 100

# Room kept in the first piece for the line that says what is left out.
_NOTE_BYTES = 1024
_NOTE = (
    "While the container runs, lines are left out here to keep this page small. The newest lines "
    "follow. All lines will be here when it has ended."
)
_CUT = " … (cut while the container runs)"


class Piece(Struct, frozen=True):
    """Attributes:
    sequence: its number among all pieces of the try, from 0.
    lines: in the order of their times, each as Airflow reads it.
    taken: how many lines of a delivery are in this piece and those before it, by the
        delivery's id, oldest first.
    """

    sequence: int
    lines: list[bytes] = []
    taken: dict[str, int] = {}

    @property
    def size(self) -> int:
        """Bytes of the object."""
        return sum(len(line) + 1 for line in self.lines)

    def with_lines(self, delivery: str, lines: Sequence[bytes], done: int) -> "Piece | None":
        """The piece with as many of a delivery's lines after the first ``done`` as there is room
        for; None if there is no room."""
        room = PIECE_BYTES - _NOTE_BYTES - self.size
        end = done
        while end < len(lines) and len(lines[end]) < room:
            room -= len(lines[end]) + 1
            end += 1
        if end == done:
            return None
        added = sorted(lines[done:end], key=_time)
        others = {name: count for name, count in self.taken.items() if name != delivery}
        taken = dict([*others.items(), (delivery, end)][-REMEMBERED:])
        return Piece(self.sequence, list(merge(self.lines, added, key=_time)), taken)

    def next(self) -> "Piece":
        """The empty piece that follows."""
        return Piece(self.sequence + 1, [], self.taken)

    def with_note(self) -> "Piece | None":
        """The piece with a last line that says that others are left out; None if it already has
        that line."""
        last = self.lines[-1] if self.lines else b""
        note = msgspec.json.decode(last, type=_Shown) if last else None
        if note is None or note.event == _NOTE:
            return None
        line = msgspec.json.encode(
            {"timestamp": note.timestamp, "level": "info", "logger": "jetbridge", "event": _NOTE}
        )
        return Piece(self.sequence, [*self.lines, line], self.taken)


class _Shown(Struct):
    timestamp: str
    event: str = ""


def place(sequence: int) -> int:
    """Which of the ``PIECES`` places a piece is in."""
    return 0 if sequence == 0 else 1 + (sequence - 1) % (PIECES - 1)


def name_of(number: int) -> str:
    """The name of a place's object among those beside the try's log."""
    return f"jetbridge.live.{number:02}.log"


def shown_lines(lines: Iterable[Line], logger: str) -> list[bytes]:
    """Lines as Airflow reads them, very long ones cut."""
    return [airflow_line(_cut(line), logger) for line in lines]


def _cut(line: Line) -> Line:
    if len(line.message) <= LINE_CHARACTERS:
        return line
    return Line(line.timestamp, line.message[:LINE_CHARACTERS] + _CUT)


def _time(line: bytes) -> str:
    return msgspec.json.decode(line, type=_Shown).timestamp
