"""Makes any outcome fit: Airflow can carry it, and EventBridge and DynamoDB accept it.

An entry of PutEvents must be smaller than 1 MB (API reference), counted as the UTF-8 bytes of its
source, detail type and detail (EventBridge user guide, "Calculating PutEvents event entry size").
EventBridge adds an envelope to the event (id, account, time, region). The event stays within 256 KB
all the same, because some of its targets take no more: an SNS topic by default (API reference of
Publish), queues made before SQS allowed 1 MiB, a state machine of Step Functions (its developer
guide, "Quotas"). A DynamoDB item has at most 400 KB.
"""

import math
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from jetbridge.contract import Death, Outcome, advice_on, carried, clean, to_builtins
from jetbridge.contract.json_values import LEAST_INTEGER, MOST_INTEGER

ENTRY_BYTES = 256 * 1024
# Source, detail type, the stack's name (128 characters at most) and the event's envelope, which has
# some 300 bytes.
ENVELOPE_BYTES = 1024
OUTCOME_BYTES = ENTRY_BYTES - ENVELOPE_BYTES
# AWS's own texts have up to 1,024 characters per task and container; ids and ARNs have up to some
# 300.
WORDS_BYTES = 4096
ID_BYTES = 1024
DEATH_WORDS_BYTES = 1024
# The sentence which says that something was left out, and the names of the fields that can be cut.
NOTE_BYTES = 512
CUT = "…"

T = TypeVar("T")


def fitting(outcome: Outcome) -> Outcome:
    """The outcome itself if it can be carried and fits; otherwise a shortened one.

    The advice says which parts are left out. A text that is cut ends with the mark ``…``. Exit
    codes are kept before the result, and the result before the last lines, deaths and log streams.
    Of each list, the newest entries are kept. A second call changes nothing.
    """
    result = carried(outcome.result)
    if result.problems:
        advice = _joined(outcome.advice, advice_on(result.problems))
        outcome = replace(outcome, result=result.value, advice=advice)
    outcome = _of_clean_texts(outcome)
    if _size(outcome) <= OUTCOME_BYTES and _short(outcome) == outcome:
        return outcome
    return _within(_short(outcome))


def _of_clean_texts(outcome: Outcome) -> Outcome:
    """All fields except the result, which was checked before. Texts keep their length, numbers
    their sign."""
    fields = to_builtins(replace(outcome, result=None))
    cleaned = _clean(fields)
    if cleaned == fields:
        return outcome
    return replace(msgspec.convert(cleaned, Outcome), result=outcome.result)


def _clean(value: Any) -> Any:
    match value:
        case str():
            return clean(value)
        case bool():
            return value
        case int():
            return min(max(value, LEAST_INTEGER), MOST_INTEGER)
        case float():
            return value if math.isfinite(value) else 0.0
        case dict():
            return {clean(key): _clean(each) for key, each in value.items()}
        case list():
            return [_clean(each) for each in value]
    return value


def _short(outcome: Outcome) -> Outcome:
    """The outcome with each of its texts cut to that text's own limit."""
    ids = ("backend_id", "cluster", "job_queue", "definition", "stopped_by")
    given = {name: getattr(outcome, name) for name in ids if getattr(outcome, name)}
    return replace(
        outcome,
        reason=_cut(outcome.reason, WORDS_BYTES),
        advice=_cut(outcome.advice, WORDS_BYTES),
        deaths=[_short_death(death) for death in outcome.deaths],
        **{name: _cut(text, ID_BYTES) for name, text in given.items()},
    )


def _short_death(death: Death) -> Death:
    backend_id = death.backend_id and _cut(death.backend_id, ID_BYTES)
    return replace(death, reason=_cut(death.reason, DEATH_WORDS_BYTES), backend_id=backend_id)


def _within(outcome: Outcome) -> Outcome:
    """The outcome with as much of its lists as there is room for."""
    bare = replace(outcome, exit_codes={}, result=None, last_lines=[], deaths=[], log_streams=[])
    bare = replace(bare, unread=[])
    room = OUTCOME_BYTES - _size(bare) - NOTE_BYTES
    left_out: list[str] = []

    def newest(items: list[T], what: str) -> list[T]:
        nonlocal room
        kept = _newest(items, room)
        room -= sum(_size(item) + 1 for item in kept)
        if len(kept) < len(items):
            left_out.append(f"{len(items) - len(kept)} of {len(items)} {what}")
        return kept

    codes = dict(newest([*outcome.exit_codes.items()][::-1], "exit codes")[::-1])
    results = newest([outcome.result], "results") if outcome.result is not None else []
    whole = replace(
        bare,
        exit_codes=codes,
        result=results[0] if results else None,
        last_lines=newest(outcome.last_lines, "last lines"),
        deaths=newest(outcome.deaths, "deaths"),
        log_streams=newest(outcome.log_streams, "log streams"),
        unread=newest(outcome.unread, "unread log streams"),
    )
    if not left_out:
        return whole
    advice = _cut(outcome.advice, WORDS_BYTES - NOTE_BYTES)
    return replace(whole, advice=_joined(advice, no_room(left_out)))


def no_room(left_out: list[str]) -> str:
    """A description of the parts that were left out, such as "2 of 3 last lines"."""
    return f"No room in the outcome for {', '.join(left_out)}." if left_out else ""


def _newest(items: list[T], room: int) -> list[T]:
    kept: list[T] = []
    for item in reversed(items):
        room -= _size(item) + 1
        if room < 0:
            break
        kept.append(item)
    return kept[::-1]


def _cut(text: str, limit: int) -> str:
    """The text, or its beginning and the mark, in at most this many bytes of JSON."""
    if _size(text) <= limit:
        return text
    kept = text[: limit - len(CUT.encode())]
    while (size := _size(kept + CUT)) > limit:
        kept = kept[: len(kept) * limit // size]
    return kept + CUT


def _joined(*sentences: str) -> str:
    return " ".join(filter(None, sentences))


def _size(value: Any) -> int:
    return len(msgspec.json.encode(value))
