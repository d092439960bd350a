"""Turns a run into a DynamoDB item and back: scalars stay as they are, structures become JSON text.

Everything that is written can be read. A structure is read back before it is written, and refused
if the result differs. A row may still be unreadable, if somebody else or a version with fewer
checks wrote it. Reading it raises ``UnreadableRow``; the other rows aren't affected.
"""

from collections.abc import Sequence
from typing import Any, get_args, get_origin

import msgspec
from msgspec.structs import replace

from jetbridge.aws.items import Item, item_bytes, unmarshal
from jetbridge.contract import AirflowCaller, Caller, ContractError
from jetbridge.contract.callers import named
from jetbridge.runs.port import UnreadableRow
from jetbridge.runs.run import Run
from jetbridge.runs.sizes import largest_part
from jetbridge.runs.unfinished import shard_of

# An item has up to 400 KB (Amazon DynamoDB developer guide, "Quotas"). A new row leaves room for
# what is added later: its definition, tries, watchers, deaths, a stop and the end.
NEW_ROW_BYTES = 128 * 1024

_FIELDS = {field.name: field.type for field in msgspec.structs.fields(Run)}
_STRUCTURES = ("request", "definition", "deaths", "attachments", "watchers", "stop", "ending")
_NO_CALLER = {"kind": "person", "name": "a caller that can't be read"}
# Free JSON, in which null is an ordinary value.
_FREE = "request"


def structured(value: msgspec.Struct | Sequence[msgspec.Struct]) -> str:
    """A structure as it is stored in the table.

    Raises:
        ContractError: it couldn't be read back: it has a number or text that JSON doesn't allow, or
            too many levels.
    """
    kind: Any = type(value)
    if not isinstance(value, msgspec.Struct):
        kind = list[type(value[0])] if value else list  # type: ignore[misc]
    try:
        text = msgspec.json.encode(value)
        kept = msgspec.json.decode(text, type=kind) == value
    except (msgspec.MsgspecError, ValueError, OverflowError, RecursionError) as error:
        raise _unkept(str(error)) from error
    if not kept:
        raise _unkept("it has a value that JSON doesn't have, such as NaN")
    return text.decode()


def to_item(run: Run) -> Item:
    """The attributes of a run, without those that are None or empty.

    Raises: ContractError
    """
    item = {}
    for name in _FIELDS:
        value = getattr(run, name)
        if value is not None and value != []:
            item[name] = structured(value) if name in _STRUCTURES else value
    return item


def new_item(run: Run, check_at: float, retention_seconds: int) -> Item:
    """The item of a new row. It is in the index of unfinished runs and is due at its deadline at
    the latest.

    Raises:
        ContractError: the request has a value that can't be stored, or is too large.
    """
    try:
        deadline = run.deadline
    except OverflowError as error:
        raise _unkept(f"timeout_seconds: {error}") from error
    item = to_item(run) | {
        "shard": shard_of(run.run_id),
        "place": run.place,
        "check_at": check_at if deadline is None else min(check_at, deadline),
        "expires_at": int(run.created_at) + retention_seconds,
    }
    if run.caller.key is not None:
        item["caller"] = run.caller.key
    if run.definition is not None:
        item["definition_arn"] = run.definition.arn
    size = item_bytes(item)
    if size > NEW_ROW_BYTES:
        field, its_size = largest_part(run.request)
        raise ContractError(
            field,
            f"has {its_size} bytes, and the run's row {size}, over {NEW_ROW_BYTES}",
            "Send less: put large values into S3 and name where they are",
        )
    return item


def from_item(marshalled: Item) -> Run:
    """The run in an item that DynamoDB returned. Attributes that aren't fields are ignored.

    A null in a structure counts as missing: earlier versions wrote the nulls of AWS's records.

    Raises:
        UnreadableRow: Jetbridge doesn't write such an item.
    """
    try:
        item = unmarshal({name: value for name, value in marshalled.items() if name in _FIELDS})
        for name in _STRUCTURES:
            if name in item:
                item[name] = msgspec.json.decode(item[name])
        try:
            run = msgspec.convert(item, Run, strict=False)
        except msgspec.ValidationError:
            run = msgspec.convert(_repaired(item), Run, strict=False)
        return _of_its_airflow(run)
    except (msgspec.MsgspecError, TypeError, ValueError, RecursionError) as error:
        raise UnreadableRow(run_id_in(marshalled), str(error)) from error


def run_id_in(marshalled: Item) -> str:
    """The key of an item. It can be read whatever the other attributes are."""
    return str(marshalled.get("run_id", {}).get("S", ""))


def _of_its_airflow(run: Run) -> Run:
    """Version 0.1 wrote an Airflow's name only beside its callers."""
    caller, airflow = run.request.caller, run.request.airflow
    if not isinstance(caller, AirflowCaller) or named(caller, airflow) is caller:
        return run
    later = [
        replace(each, caller=named(each.caller, airflow))
        if isinstance(each.caller, AirflowCaller)
        else each
        for each in run.attachments
    ]
    request = replace(run.request, caller=named(caller, airflow))
    return replace(run, request=request, attachments=later)


def _repaired(item: Item) -> Item:
    repaired = {
        name: value if name == _FREE else _without_unusable(_FIELDS[name], value)
        for name, value in item.items()
    }
    # Version 0.1 accepted any caller. A run with an invalid caller can still be stopped and
    # finished.
    request = repaired.get(_FREE)
    if isinstance(request, dict):
        caller = request.get("caller")
        if isinstance(caller, dict) and not _is_caller(caller):
            repaired[_FREE] = request | {"caller": _NO_CALLER}
    if isinstance(repaired.get("attachments"), list):
        tries = [each for each in repaired["attachments"] if isinstance(each, dict)]
        repaired["attachments"] = [each for each in tries if _is_caller(each.get("caller"))]
    # Without an order, the next change counts, whatever its order is.
    if not isinstance(repaired.get("change_order"), int):
        repaired.pop("change_order", None)
    return repaired


def _without_unusable(kind: Any, value: Any) -> Any:
    """The structure without optional fields whose value can't be used."""
    if get_origin(kind) is list and isinstance(value, list):
        return [_without_unusable(get_args(kind)[0], each) for each in value]
    struct = next((each for each in (kind, *get_args(kind)) if _is_struct(each)), None)
    if struct is None or not isinstance(value, dict):
        return value
    kept = dict(value)
    for field in msgspec.structs.fields(struct):
        if field.encode_name not in kept:
            continue
        member = _without_unusable(field.type, kept.pop(field.encode_name))
        if field.required or _usable(member, field.type):
            kept[field.encode_name] = member
    return kept


def _is_caller(value: Any) -> bool:
    try:
        msgspec.convert(value, Caller)
    except msgspec.ValidationError:
        return False
    return True


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _usable(value: Any, kind: Any) -> bool:
    """Whether a value can be used: a scalar of the right type, or a structure. A structure is never
    left out as a whole."""
    if isinstance(value, dict | list):
        return True
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    return True


def _unkept(problem: str) -> ContractError:
    return ContractError(
        "message",
        f"can't be kept ({problem})",
        "Send JSON in UTF-8 with finite numbers and modest nesting",
    )
