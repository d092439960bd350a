"""A run as a DynamoDB item and back: scalars as they are, structures as JSON text."""

from typing import Any

import msgspec

from jetbridge.domain.run import Run
from jetbridge.dynamodb import Item, unmarshal

_STRUCTURES = ("request", "definition", "stop", "ending")
_FIELDS = {field.name: field.type for field in msgspec.structs.fields(Run)}


def structured(value: Any) -> str:
    """A structure as it stands in the table."""
    return msgspec.json.encode(value).decode()


def to_item(run: Run) -> Item:
    """The attributes of a run, those that are None left out."""
    item = {}
    for name in _FIELDS:
        value = getattr(run, name)
        if value is not None:
            item[name] = structured(value) if name in _STRUCTURES else value
    return item


def from_item(marshalled: Item) -> Run:
    """The run of an item as DynamoDB returns it; attributes that are no fields are let be."""
    item = {name: value for name, value in unmarshal(marshalled).items() if name in _FIELDS}
    for name in _STRUCTURES:
        if name in item:
            item[name] = msgspec.json.decode(item[name])
    return msgspec.convert(item, Run, strict=False)
