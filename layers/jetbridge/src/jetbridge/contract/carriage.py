"""Which JSON values Airflow can carry: from a trigger to a task, to its XCom, and on to the next
task.

The strictest station decides what may pass. A value that may not pass becomes text; any other value
stays as it is. Stations, by Airflow's source (3.0 to 3.3):

- the frame between a trigger and its triggerer, and between a task and its supervisor, is msgspec's
  MessagePack (airflow/sdk/execution_time/comms.py, ``_RequestFrame``). It holds integers from
  -2**63 to 2**64 - 1 (msgspec: "can't serialize ints < -2**63 or > 2**64 - 1") and UTF-8, so no
  half of a surrogate pair. What it can't hold ends the triggerer's runner with all of its tasks
  (jobs/triggerer_job_runner.py, ``sync_state_to_supervisor``).
- the event is kept in the task instance's ``next_kwargs``, the result in ``xcom.value``: JSONB on
  PostgreSQL (models/taskinstance.py, models/xcom.py). JSONB takes neither NUL ("``\\u0000`` cannot
  be converted to text") nor NaN or Infinity, and gives a number such as 1e22 back as the integer
  10000000000000000000000 (PostgreSQL's documentation, 8.14 "JSON Types"), which is past the frame.
- MySQL's JSON takes 100 levels (``ER_JSON_DOCUMENT_TOO_DEEP``) and keys of 65,535 bytes
  (``ER_JSON_KEY_TOO_BIG``). Airflow 3.0 and 3.1 wrap each object in one more
  (airflow/serialization/serialized_objects.py, ``BaseSerialization``), and the event is four levels
  itself.
- an object with the keys of Airflow's own serialization is refused, or taken for what it says it
  is (airflow/sdk/serde/__init__.py, ``serialize``, ``_convert``; in 3.0 and 3.1
  airflow/serialization/serde.py). In 3.2 the refusal ends the triggerer (models/trigger.py,
  ``handle_event_submit``, which 3.3 guards).
"""

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from jetbridge.contract.codec import ContractError
from jetbridge.contract.json_values import (
    DEPTH,
    INTEGER,
    LEAST_INTEGER,
    LEVELS,
    MOST_INTEGER,
    NUMBER,
    Unread,
    is_in_range,
    read,
)

KEY_BYTES = 65_535
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

CHARACTERS = f"NUL or half of a surrogate pair, as {REPLACEMENT} (print UTF-8 without NUL)"
KEYS = (
    "an object with a key that is Airflow's own (__classname__, __id__, __type with __var), has "
    "over 65,535 bytes, NUL or half of a surrogate pair, as JSON text (name the key otherwise)"
)
KIND = "a value that is not JSON's, as text"

_TRANSLATED = {0: REPLACEMENT} | dict.fromkeys(range(0xD800, 0xE000), REPLACEMENT)


class Carried(NamedTuple):
    """A value that Airflow can carry, and what was wrong with the original one."""

    value: Any
    problems: tuple[str, ...] = ()


class _TooDeep(Exception):
    pass


def clean(text: str) -> str:
    """The text with U+FFFD in place of each NUL and each half of a surrogate pair; it keeps its
    length in characters."""
    return text if _is_clean(text) else text.translate(_TRANSLATED)


def carried(value: Any) -> Carried:
    """The value, if Airflow can carry it; otherwise with text in place of the parts that it can't
    carry. Never raises."""
    problems: list[str] = []
    try:
        proven = _proven(value, LEVELS, problems)
    except _TooDeep:
        return Carried(_json_text(value), (DEPTH,))
    return Carried(proven, tuple(dict.fromkeys(problems))) if problems else Carried(value)


def read_record(text: str) -> dict[str, Any]:
    """A record of the outcomes table, ``Outcome`` or ``Launched``, that Airflow can carry.

    An earlier version may have sealed it, or something other than Jetbridge may have written it.
    What becomes text in an outcome is added to its advice.

    Raises:
        ContractError: it isn't a JSON object, or is nested too deep.
    """
    fix = "Look at the run's item in the outcomes table: something other than Jetbridge wrote it"
    try:
        record = read(text, constants=True)
    except ValueError:
        raise ContractError("record", "is not JSON", fix) from None
    if isinstance(record, Unread):
        raise ContractError("record", f"has {DEPTH.partition(',')[0]}", fix)
    if not isinstance(record, dict):
        raise ContractError("record", f"expected `object`, got `{type(record).__name__}`", fix)
    result = carried(record.pop("result", None))
    rest = carried(record)
    if not isinstance(rest.value, dict):
        raise ContractError("record", f"has {', '.join(rest.problems)}", fix)
    whole: dict[str, Any] = dict(rest.value)
    if result.value is not None:
        whole["result"] = result.value
    if isinstance(whole.get("advice"), str):
        advice = [whole["advice"], advice_on(result.problems)]
        whole["advice"] = " ".join(filter(None, [*advice, advice_on(rest.problems, "The outcome")]))
    return whole


def advice_on(problems: Iterable[str], what: str = "The container's result") -> str:
    """What to tell the people who made the value; empty if there are no problems."""
    listed = "; ".join(problems)
    return f"{what} has values that Airflow can't carry: {listed}." if listed else ""


def _proven(value: Any, levels: int, problems: list[str]) -> Any:
    kind = type(value)
    if value is None or kind is bool:
        return value
    if kind is str:
        return _noted(value, CHARACTERS, problems, clean(value))
    if kind is int:
        fits = LEAST_INTEGER <= value <= MOST_INTEGER
        return value if fits else _noted(value, INTEGER, problems, _digits(value))
    if kind is float:
        return value if is_in_range(value) else _noted(value, NUMBER, problems, repr(value))
    if kind is dict or kind is list or kind is tuple:
        if levels == 0:
            raise _TooDeep
        if kind is not dict:
            return [_proven(each, levels - 1, problems) for each in value]
        if not _carriable_keys(value):
            return _noted(value, KEYS, problems, _json_text(value))
        return {key: _proven(each, levels - 1, problems) for key, each in value.items()}
    problem = value.problem if isinstance(value, Unread) else KIND
    return _noted(value, problem, problems, clean(str(value)))


def _noted(value: Any, problem: str, problems: list[str], instead: str) -> str:
    if instead is not value:
        problems.append(problem)
    return instead


def _carriable_keys(value: dict[Any, Any]) -> bool:
    if "__classname__" in value or "__id__" in value or ("__type" in value and "__var" in value):
        return False
    return all(
        type(key) is str
        and _is_clean(key)
        and (len(key) * 4 <= KEY_BYTES or len(key.encode()) <= KEY_BYTES)
        for key in value
    )


def _is_clean(text: str) -> bool:
    if "\0" in text:
        return False
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _json_text(value: Any) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
        return text if _is_clean(text) else json.dumps(value, default=str)
    except (RecursionError, ValueError, TypeError):
        return "(nested too deep to be shown)"


def _digits(value: int) -> str:
    try:
        return str(value)
    except ValueError:  # Python prints no integer over 4,300 digits
        return hex(value)
