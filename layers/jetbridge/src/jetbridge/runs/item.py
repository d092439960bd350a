"""A run as a DynamoDB item and back: scalars as they are, structures as JSON text."""

from typing import Any

import msgspec

from jetbridge.domain.run import Run
from jetbridge.dynamodb import Item, unmarshal

_STRUCTURES = ("request", "definition", "deaths", "attachments", "watchers", "stop", "ending")
_FIELDS = {field.name: field.type for field in msgspec.structs.fields(Run)}


def structured(value: Any) -> str:
    """A structure as it stands in the table."""
    return msgspec.json.encode(value).decode()


def to_item(run: Run) -> Item:
    """The attributes of a run, those that are None or empty left out."""
    item = {}
    for name in _FIELDS:
        value = getattr(run, name)
        if value is not None and value != []:
            item[name] = structured(value) if name in _STRUCTURES else value
    return item


def new_item(run: Run, check_at: float, retention_seconds: int) -> Item:
    """The item of a new row: in the index of active runs, due at its deadline at the latest."""
    item = to_item(run) | {
        "active": "1",
        "place": run.place,
        "check_at": check_at if run.deadline is None else min(check_at, run.deadline),
        "expires_at": int(run.created_at) + retention_seconds,
    }
    if run.caller.key is not None:
        item["caller"] = run.caller.key
    if run.definition is not None:
        item["definition_arn"] = run.definition.arn
    return item


def from_item(marshalled: Item) -> Run:
    """The run of an item as DynamoDB returns it; attributes that are no fields are let be."""
    item = unmarshal({name: value for name, value in marshalled.items() if name in _FIELDS})
    for name in _STRUCTURES:
        if name in item:
            item[name] = msgspec.json.decode(item[name])
    return msgspec.convert(item, Run, strict=False)
