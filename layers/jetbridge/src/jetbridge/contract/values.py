"""Which values a request may have, so that every service that stores or passes it can hold them.

A request is stored in DynamoDB as JSON, travels through SQS and Airflow's API, and may end in
Airflow's database. A value that one of them can't hold is refused before anything is written.
"""

import math
import re
from typing import Any, NamedTuple

# As many as an outcome may have (carriage.py); RunTask's and SubmitJob's parameters have some ten.
MOST_LEVELS = 32
LONGEST_PATH = 200
# What JSON readers agree on, and msgspec writes: a signed 64-bit integer.
SMALLEST, LARGEST = -(2**63), 2**63 - 1
# PostgreSQL's text and jsonb have no NUL (PostgreSQL manual, "JSON Types"); UTF-8 has no halves of
# surrogate pairs (RFC 3629, section 3).
_UNFIT = re.compile("[\x00\ud800-\udfff]")


class Unfit(NamedTuple):
    """``path``: where, dotted; ``problem``: what is wrong with the value; ``fix``: what to do."""

    path: str
    problem: str
    fix: str


def first_unfit(value: Any) -> Unfit | None:
    """The first value that can't be stored; None if all can.

    Args:
        value: what Python's ``json`` makes of a JSON text.
    """
    waiting: list[tuple[str, Any, int]] = [("", value, 0)]
    while waiting:
        path, found, level = waiting.pop()
        problem = _problem(found, level)
        if problem is not None:
            return Unfit(path[:LONGEST_PATH] or "message", *problem)
        if isinstance(found, dict):
            for name in found:
                problem = _problem(name, level)
                if problem is not None:
                    return Unfit(
                        path[:LONGEST_PATH] or "message",
                        f"has a name that {problem[0]}",
                        problem[1],
                    )
            waiting += [
                (f"{path}.{name}" if path else name, inner, level + 1)
                for name, inner in reversed(found.items())
            ]
        elif isinstance(found, list):
            waiting += [
                (f"{path}[{index}]", inner, level + 1)
                for index, inner in reversed(list(enumerate(found)))
            ]
    return None


def _problem(value: Any, level: int) -> tuple[str, str] | None:
    match value:
        case _ if level > MOST_LEVELS:
            return f"is nested over {MOST_LEVELS} levels deep", "Send it flatter, or as text"
        case bool() | None | dict() | list():
            return None
        case str():
            return _problem_of_text(value)
        case int():
            if not SMALLEST <= value <= LARGEST:
                return "is a whole number that doesn't fit into 64 bits", "Send it as text"
        case float():
            if not math.isfinite(value):
                return f"is {value}, which JSON doesn't have", "Leave it out, or send it as text"
        case _:
            return f"is a {type(value).__name__}", "Send JSON"
    return None


def _problem_of_text(text: str) -> tuple[str, str] | None:
    found = _UNFIT.search(text)
    if found is None:
        return None
    if found[0] == "\0":
        return "has the character NUL", "Take it out: Airflow's database can't keep it"
    return "has half of a surrogate pair", "Send text that UTF-8 can hold"
