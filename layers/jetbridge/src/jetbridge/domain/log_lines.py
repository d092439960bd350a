"""Container lines in the form in which Airflow keeps and reads structured logs."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec

from jetbridge.domain.lines import Line
from jetbridge.domain.log_position import Position

# Where loggers put their text and their level: Python's json loggers, zap, zerolog, logback,
# pino, bunyan, Google Cloud's. A number is no level: 30 is pino's "info" and Python's "warning".
_TEXTS = ("message", "msg", "event")
_LEVELS = ("level", "severity", "levelname")
_AIRFLOWS = {"warn": "warning", "fatal": "critical", "trace": "debug", "notice": "info"}
# Airflow's own fields; what a container calls so is kept under another name.
_OWN = ("timestamp", "level", "logger", "event")

GROUP = "::group::"
GROUP_END = "::endgroup::"


class Repeats:
    """Tells lines apart that are the same, of the same millisecond.

    Airflow's reader leaves out a line that equals the one before
    (airflow/utils/log/file_task_handler.py, ``_flush_logs_out_of_heap``), though the container
    has printed it twice. So the second has a number which the first hasn't.
    """

    def __init__(self, position: Position) -> None:
        """``position`` is behind the lines that came before: what the last of them said isn't
        known, so the next one of the same millisecond is numbered in any case."""
        self._before = position
        self._previous: Line | None = None
        self._number = 0

    def __call__(self, line: Line) -> int:
        """The number of a line that follows; 0 if it differs from the one before."""
        if self._previous is None:
            known = line.timestamp != self._before.last
            self._number = 0 if known else self._before.count
        else:
            self._number = self._number + 1 if line == self._previous else 0
        self._previous = line
        return self._number


def airflow_line(line: Line, logger: str, repeat: int = 0) -> bytes:
    """One line of an Airflow 3 log: JSON with ``timestamp``, ``level``, ``logger``, ``event``.

    A container line that is itself a JSON object with a text (``message``, ``msg`` or ``event``)
    and a level (``level``, ``severity`` or ``levelname``) keeps both; its other members follow
    as they are, except that those named like Airflow's own get the prefix ``container_``. Any
    other line is the ``event``, whole. ``repeat`` is shown unless it is 0.

    Source: airflow/utils/log/file_task_handler.py, ``StructuredLogMessage``.
    """
    fields = _structured(line.message) if line.message[:1] == "{" else None
    if fields is None:
        fields = {"level": "info", "logger": logger, "event": line.message}
    else:
        fields["logger"] = logger
    if repeat:
        fields["repeat"] = repeat
    return _encoded({"timestamp": moment(line.timestamp), **fields})


def moment(timestamp: int) -> str:
    """Epoch milliseconds as ISO 8601 in UTC."""
    seconds, milliseconds = divmod(timestamp, 1000)
    return f"{_second(seconds)}.{milliseconds:03}Z"


@lru_cache(maxsize=64)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _structured(message: str) -> dict[str, Any] | None:
    try:
        found = msgspec.json.decode(message)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    text, level = _first(found, _TEXTS), _first(found, _LEVELS)
    if text is None or level is None:
        return None
    event, name = found.pop(text), found.pop(level).lower()
    rest = {f"container_{key}" if key in _OWN else key: value for key, value in found.items()}
    return {"level": _AIRFLOWS.get(name, name), "event": event, **rest}


def _first(found: dict[str, Any], names: tuple[str, ...]) -> str | None:
    return next((name for name in names if isinstance(found.get(name), str)), None)


def _encoded(fields: dict[str, Any]) -> bytes:
    try:
        return msgspec.json.encode(fields)
    except UnicodeEncodeError:  # half of a surrogate pair, which UTF-8 can't hold
        texts = {
            name: value.encode(errors="replace").decode() if isinstance(value, str) else value
            for name, value in fields.items()
        }
        return msgspec.json.encode(texts)
