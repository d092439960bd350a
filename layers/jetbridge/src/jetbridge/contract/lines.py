"""Log lines, and the result that a container reports in one."""

from typing import Any, NamedTuple

import msgspec

from jetbridge.contract import clean, read

RESULT_MARKER = "::jetbridge:result::"

LINE_CHARACTERS = 2_000
LINES_BYTES = 64 * 1024


class Line(NamedTuple):
    """One log event of CloudWatch Logs: epoch milliseconds, and the text."""

    timestamp: int
    message: str


def reported_result(lines: list[str], last_line: bool = False) -> Any:
    """The JSON value behind the last result marker, ``::jetbridge:result:: {json}``.

    A marker whose text isn't JSON counts as text. Without a marker: None, or with ``last_line``
    the last line that isn't blank (what the stock operators push as their result).

    It may be more than Airflow can carry (``contract.carried``). Never raises.
    """
    for line in reversed(lines):
        _, marker, text = line.partition(RESULT_MARKER)
        if marker:
            return _value(text.strip())
    if last_line:
        return next((line for line in reversed(lines) if line.strip()), None)
    return None


def shortened(lines: list[str]) -> list[str]:
    """The newest lines that fit an outcome, long ones cut, as text that Airflow can carry.

    An outcome must fit a DynamoDB item (400 KB) and the smallest of an event's targets (256 KB); a
    single CloudWatch line may have 1 MB.
    """
    kept: list[str] = []
    room = LINES_BYTES
    for each in reversed(lines):
        line = clean(each)
        cut = line if len(line) <= LINE_CHARACTERS else f"{line[:LINE_CHARACTERS]}…"
        room -= len(msgspec.json.encode(cut))
        if room < 0:
            break
        kept.append(cut)
    return kept[::-1]


def _value(text: str) -> Any:
    try:
        return read(text)
    except ValueError:
        return text
