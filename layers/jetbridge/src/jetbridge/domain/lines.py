"""Log lines: Airflow's own form of them, and the result that a container reports in one."""

import json
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

RESULT_MARKER = "::jetbridge:result::"

LINE_CHARACTERS = 2_000
LINES_BYTES = 64 * 1024


class Line(NamedTuple):
    """One log event of CloudWatch Logs: epoch milliseconds, and the text."""

    timestamp: int
    message: str


def airflow_line(line: Line, logger: str) -> str:
    """The line as Airflow 3 stores and reads structured logs: JSON with ``event``.

    Source: airflow/utils/log/file_task_handler.py, ``StructuredLogMessage``.
    """
    moment = datetime.fromtimestamp(line.timestamp / 1000, UTC).isoformat(timespec="milliseconds")
    return json.dumps(
        {
            "timestamp": moment.replace("+00:00", "Z"),
            "level": "info",
            "logger": logger,
            "event": line.message,
        },
        ensure_ascii=False,
    )


def reported_result(lines: list[str], last_line: bool = False) -> Any:
    """The JSON value behind the last result marker, ``::jetbridge:result:: {json}``.

    A marker whose text isn't JSON counts as text. Without a marker: None, or with ``last_line``
    the last line that isn't blank (what the stock operators push as their result).
    """
    for line in reversed(lines):
        _, marker, text = line.partition(RESULT_MARKER)
        if marker:
            return _value(text.strip())
    if last_line:
        return next((line for line in reversed(lines) if line.strip()), None)
    return None


def shortened(lines: list[str]) -> list[str]:
    """The newest lines that fit an outcome, long ones cut: an outcome must fit a DynamoDB item
    (400 KB) and an EventBridge event (256 KB), a CloudWatch line alone may have 1 MB."""
    kept: list[str] = []
    room = LINES_BYTES
    for line in reversed(lines):
        cut = line if len(line) <= LINE_CHARACTERS else f"{line[:LINE_CHARACTERS]}…"
        room -= len(msgspec.json.encode(cut))
        if room < 0:
            break
        kept.append(cut)
    return kept[::-1]


def _value(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return text
