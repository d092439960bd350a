"""Turns container lines into Airflow's structured log lines."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec

from jetbridge.contract import inert, inert_lines
from jetbridge.contract.lines import Line
from jetbridge.logs.airflow_names import REPEAT, RESERVED, level_of, renamed
from jetbridge.logs.position import Position, mark_of

LINE_CHARACTERS = 64 * 1024
"""The longest line on the page. The API server and the browser hold the whole log in memory."""
# A line that has more isn't parsed. It is shown as it was printed. The reader's JSON parser
# gives up at a depth of 200, and then shows the line raw (jiter, of pydantic-core).
MOST_MEMBERS = 100
DEEPEST = 20
# JavaScript has no integers beyond (ECMAScript, Number.MAX_SAFE_INTEGER): the page rounds them.
_GREATEST = 2**53 - 1

# Where loggers put their text and their level: Python's json loggers, zap, zerolog, logback,
# pino, bunyan, Google Cloud's. A number is no level: 30 is pino's "info" and Python's "warning".
_TEXTS = ("message", "msg", "event")
_LEVELS = ("level", "severity", "levelname")

JETBRIDGE = "jetbridge"
_GROUP = "::group::"
_GROUP_END = "::endgroup::"


class Repeats:
    """Numbers lines that have the same text and the same millisecond.

    Airflow's reader leaves out a line that equals the one before
    (airflow/utils/log/file_task_handler.py, ``_flush_logs_out_of_heap``), though the container
    printed both. So each repeated line gets a number.
    """

    def __init__(self, position: Position) -> None:
        """``position`` is where the lines before these ended."""
        self._before = position
        self._previous: Line | None = None
        self._number = 0

    def __call__(self, line: Line) -> int:
        """The number of a line that follows; 0 if it differs from the one before."""
        if self._previous is None:
            self._number = self._before.count if self._repeats_the_last(line) else 0
        else:
            self._number = self._number + 1 if line == self._previous else 0
        self._previous = line
        return self._number

    def _repeats_the_last(self, line: Line) -> bool:
        """Positions saved by earlier versions don't say what the last line was."""
        before = self._before
        return line.timestamp == before.last and before.mark in (None, mark_of(line.message))


def airflow_line(line: Line, logger: str, repeat: int = 0, where: str = "") -> bytes:
    """A container's line in an Airflow 3 log: JSON with ``timestamp``, ``level``, ``logger``,
    ``event``.

    A line that is itself a JSON object with a text (``message``, ``msg`` or ``event``) and a level
    (``level``, ``severity`` or ``levelname``) keeps both; its other members follow as they are,
    except that those which Airflow gives a meaning to (``airflow_names``) get the prefix
    ``container_``. A level that Airflow doesn't know becomes ``info``, and is kept as a member. Any
    other line is the ``event``, whole up to ``LINE_CHARACTERS``. Nothing in it acts on the page
    (``inert``). ``repeat`` is shown unless it is 0.

    Args:
        where: where the whole line is; a line that is cut ends with it.

    Source: airflow/utils/log/file_task_handler.py, ``StructuredLogMessage``.
    """
    text = _cut(line.message, where)
    fields = _structured(text) if text[:1] == "{" else None
    if fields is None:
        fields = {"level": "info", "event": inert_lines(text)}
    shown = {"timestamp": moment(line.timestamp), "logger": logger, **fields}
    if repeat:
        shown[REPEAT] = repeat
    return msgspec.json.encode(shown)


def note_line(note: Line) -> bytes:
    """A line that Jetbridge writes itself. It may quote AWS or a person, so it is made harmless,
    too."""
    return _own(note.timestamp, inert_lines(note.message))


def group_line(timestamp: int, title: str) -> bytes:
    """Begins a group: the page folds the lines from here to ``group_end_line``."""
    return _own(timestamp, _GROUP + inert(title))


def group_end_line(timestamp: int) -> bytes:
    return _own(timestamp, _GROUP_END)


def moment(timestamp: int) -> str:
    """Epoch milliseconds as ISO 8601 in UTC."""
    seconds, milliseconds = divmod(timestamp, 1000)
    return f"{_second(seconds)}.{milliseconds:03}Z"


@lru_cache(maxsize=64)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _own(timestamp: int, event: str) -> bytes:
    fields = {"level": "info", "logger": JETBRIDGE, "event": event}
    return msgspec.json.encode({"timestamp": moment(timestamp), **fields})


def _cut(text: str, where: str) -> str:
    if len(text) <= LINE_CHARACTERS:
        return text
    whole = f"; the whole line is in {where}" if where else ""
    return (
        f"{text[:LINE_CHARACTERS]} … (cut by Jetbridge: the first {LINE_CHARACTERS:,} of "
        f"{len(text):,} characters{whole})"
    )


def _structured(message: str) -> dict[str, Any] | None:
    try:
        found = msgspec.json.decode(message)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return None
    if not isinstance(found, dict) or len(found) > MOST_MEMBERS:
        return None
    text, level = _first(found, _TEXTS), _first(found, _LEVELS)
    if text is None or level is None:
        return None
    event, word = found.pop(text), found.pop(level)
    known = level_of(word)
    if known is None:
        found[level] = word
    try:
        return {"level": known or "info", "event": inert_lines(event), **_members(found)}
    except _TooDeep:
        return None


def _first(found: dict[str, Any], names: tuple[str, ...]) -> str | None:
    return next((name for name in names if isinstance(found.get(name), str)), None)


class _TooDeep(Exception):
    pass


def _members(found: dict[str, Any]) -> dict[str, Any]:
    """Keep names that mean nothing to Airflow; give the others new names that no member has."""
    kept = {name for name in found if name not in RESERVED and inert(name) == name}
    shown: dict[str, Any] = {}
    for name, value in found.items():
        other = name if name in kept else renamed(inert(name), kept | shown.keys())
        shown[other] = inert_lines(value) if isinstance(value, str) else _value(value, DEEPEST)
    return shown


def _value(value: Any, levels: int) -> Any:
    """What the page writes as JSON text."""
    if isinstance(value, str):
        return inert(value)
    if isinstance(value, int) and abs(value) > _GREATEST:
        return str(value)
    if not isinstance(value, list | dict):
        return value
    if not levels:
        raise _TooDeep
    if isinstance(value, list):
        return [_value(each, levels - 1) for each in value]
    return {inert(name): _value(each, levels - 1) for name, each in value.items()}
