"""Reads fields of AWS's records (events, answers of Describe calls) as values that Jetbridge can
keep.

AWS's models say what a field is, but nothing guarantees that each record follows them: botocore
does not check answers, and anybody may put an event on the bus. A field of the wrong kind counts as
missing. The size of what a record may put into a row is limited here, so that the row stays far
below the 400 KB of an item (Amazon DynamoDB developer guide, "Quotas").
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from jetbridge.contract import ContractError
from jetbridge.secrets.late import masked_text

Record = dict[str, Any]

# An ARN of ECS or Batch has some 400 bytes at most; a log stream's name has up to 512 characters
# (API reference of CreateLogStream).
NAME_BYTES = 1024
# "A short (1024 max characters) human-readable string" (API reference of ECS, Container.reason).
WORDS_BYTES = 1024
# How much of the beginning and of the end of a longer text is searched for secrets.
END_CHARACTERS = 16 * 1024
# An ECS task has up to 10 containers (Amazon ECS developer guide, "Service quotas"), and AWS may
# put one or two of its own beside them.
MOST_CONTAINERS = 20
# Ten containers in each of up to ten attempts (API reference of Batch, RetryStrategy).
MOST_LOG_NAMES = 100
LOG_NAMES_BYTES = 48 * 1024
# botocore's models of ecs and batch have exit codes and counts as 32-bit integers.
MOST_INTEGER = 2**31 - 1

# Halves of surrogate pairs, which are in no UTF-8, control characters, and what SQS takes in no
# message (API reference of SendMessage, MessageBody).
_NOT_IN_NAMES = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
_NOT_IN_WORDS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class RecordError(ContractError):
    """A record of AWS can't be used, because it lacks a field that AWS always sends."""

    def __init__(self, field: str, value: object, about: str = "") -> None:
        problem = "is missing" if value is None else f"is {_shown(value)}"
        record = f"the record of {about}" if about else "a record"
        fix = f"AWS's API reference says what it is; see what sent {record}"
        super().__init__(field, problem, fix)
        self._value = value

    def of(self, about: str) -> "RecordError":
        """The same error for a record that is named by its ARN or id."""
        return RecordError(self.field, self._value, about)


class Fields:
    """The fields of one record. A record that isn't an object has none."""

    __slots__ = ("_record",)

    def __init__(self, record: object) -> None:
        self._record: Mapping[str, Any] = record if isinstance(record, dict) else {}

    def __bool__(self) -> bool:
        return bool(self._record)

    def __contains__(self, field: str) -> bool:
        return field in self._record

    def name(self, field: str) -> str:
        """A whole identifier; "" if it is missing, not a text, too long, or has control characters.
        It is never cut, since a part of an identifier would name something else."""
        value = self._record.get(field)
        if not isinstance(value, str) or _NOT_IN_NAMES.search(value):
            return ""
        return value if len(value.encode()) <= NAME_BYTES else ""

    def needed(self, field: str, empty: bool = False) -> str:
        """An identifier that is required; it may be an empty text.

        Raises: RecordError
        """
        value, given = self.name(field), self._record.get(field)
        if value or (empty and given == ""):
            return value
        raise RecordError(field, given)

    def text(self, field: str) -> str:
        """A text as it is; "" if the field isn't a text."""
        value = self._record.get(field)
        return value if isinstance(value, str) else ""

    def words(self, field: str) -> str:
        """A text for people; a text that is too long is cut in its middle. "" if the field isn't a
        text."""
        return presentable(self.text(field))

    def integer(self, field: str, least: int = 0, most: int = MOST_INTEGER) -> int | None:
        """A whole number from ``least`` to ``most``; None if it is anything else."""
        value = self._record.get(field)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            return None
        return value if least <= value <= most else None

    def truth(self, field: str) -> bool:
        return self._record.get(field) is True

    def denied(self, field: str) -> bool:
        return self._record.get(field) is False

    def moment(self, field: str) -> str | None:
        """ISO 8601 in UTC. ECS events write ISO 8601, Batch epoch milliseconds, botocore has
        datetimes. None if it is no time from 1970 on."""
        try:
            moment = _datetime(self._record.get(field))
            if moment is None or moment < _EPOCH:
                return None
            text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
        except (ValueError, OverflowError, OSError):
            return None
        return text.replace("+00:00", "Z")

    def part(self, field: str) -> "Fields":
        """The object in a field; an object without fields if there is none."""
        return Fields(self._record.get(field))

    def parts(self, field: str) -> list["Fields"]:
        """The members of a list; empty if the field isn't a list."""
        value = self._record.get(field)
        return [Fields(each) for each in value] if isinstance(value, list) else []

    def texts(self, field: str) -> list[str]:
        """The texts in a list; empty if the field isn't a list."""
        value = self._record.get(field)
        return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def presentable(text: str, limit: int = WORDS_BYTES) -> str:
    """The text as it can be kept and shown: in UTF-8, without control characters other than tabs
    and line ends, cut in its middle to ``limit`` bytes.
    What looks like a secret in a longer text is masked before it is cut."""
    encoded = _NOT_IN_WORDS.sub("\ufffd", _ends(text)).encode()
    if len(encoded) <= limit:
        return encoded.decode()
    # Half a secret has no form any more, and its name may be cut off.
    encoded = masked_text(encoded.decode()).encode()
    if len(encoded) <= limit:
        return encoded.decode()
    head, tail = encoded[: limit * 2 // 3], encoded[-(limit // 3 - 5) :]
    return f"{head.decode(errors='ignore')} … {tail.decode(errors='ignore')}"


def _ends(text: str) -> str:
    """The text, or both its ends; what may be the half of a word is no part of the second."""
    if len(text) <= 2 * END_CHARACTERS:
        return text
    end = text[-END_CHARACTERS:]
    return f"{text[:END_CHARACTERS]} … {end.partition(' ')[2]}"


def _datetime(value: object) -> datetime | None:
    match value:
        case bool():
            return None
        case int() | float():
            return datetime.fromtimestamp(value / 1000, UTC)
        case str():
            value = datetime.fromisoformat(value)
    if not isinstance(value, datetime):
        return None
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _shown(value: object) -> str:
    if isinstance(value, str):
        return f"not a name: {presentable(value, 100)!r}" if value else "empty"
    return f"of JSON's type {_JSON_TYPES.get(type(value), type(value).__name__)}"


_JSON_TYPES: dict[type, str] = {
    bool: "boolean",
    int: "number",
    float: "number",
    list: "array",
    dict: "object",
}
