"""Reads JSON text into values, also text that only Python takes, and numbers that Airflow can't
carry (`carriage`)."""

import json
import math
from typing import Any

import msgspec

LEAST_INTEGER, MOST_INTEGER = -(2**63), 2**64 - 1
LEVELS = 32

INTEGER = "an integer past 64 bits, as text (print it as text)"
NUMBER = (
    "a number that is not finite, 2^64 and more, or less than -2^63, as text (print it as text, or "
    "null)"
)
DEPTH = (
    f"more than {LEVELS} levels, as JSON text (print it flatter, or write it to S3 and report "
    "where it is)"
)

_DIGITS = len(str(LEAST_INTEGER))


class Unread(str):
    """JSON that can't be read into a value, as it was printed; ``problem`` says why."""

    problem: str

    def __new__(cls, text: str, problem: str) -> "Unread":
        unread = super().__new__(cls, text)
        unread.problem = problem
        return unread


def read(text: str, constants: bool = False) -> Any:
    """The value of a JSON text. `carriage.carried` says whether Airflow can carry it.

    What Python can't hold becomes an `Unread`: a number too long, a text nested too deep.

    Args:
        constants: take NaN and Infinity, which Python prints and which aren't JSON.

    Raises:
        ValueError: it isn't JSON.
    """
    try:
        return msgspec.json.decode(text)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        pass  # msgspec refuses some JSON, such as half of a surrogate pair, or 1e999
    try:
        return json.loads(
            text,
            parse_int=_integer,
            parse_float=_number,
            parse_constant=_constant if constants else _refused,
        )
    except RecursionError:
        return Unread(text, DEPTH)


def is_in_range(number: float) -> bool:
    """Whether it is in the frame's range also where JSONB has made an integer of it."""
    return math.isfinite(number) and -(2.0**63) <= number < 2.0**64


def _integer(digits: str) -> "int | Unread":
    return int(digits) if len(digits) <= _DIGITS else Unread(digits, INTEGER)


def _number(digits: str) -> "float | Unread":
    number = float(digits)
    return number if is_in_range(number) else Unread(digits, NUMBER)


def _constant(name: str) -> Unread:
    return Unread(name, NUMBER)


def _refused(name: str) -> Unread:
    raise ValueError(f"{name} isn't JSON")
