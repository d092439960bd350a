"""DynamoDB: what each request consumes.

ministack tells it where a request asks for it (``ReturnConsumedCapacity``), of reads a constant.
Here each request is counted, from the items before and after it. Sources: Amazon DynamoDB
developer guide, "DynamoDB read and write operations" (an item's larger size counts, before or
after; a write whose condition fails consumes as well; a transaction consumes twice; each item of a
batch is rounded up by itself), and "Using global secondary indexes" (an entry that is new, gone or
changed is one write of its projected size, one whose key changes is two; others cost nothing).
"""

import copy
import json
import math
from collections.abc import Callable, Iterable
from typing import Any

from ministack.services import dynamodb

from jetbridge_local.consumption import Consumed, note

Data = dict[str, Any]
Item = dict[str, Any]
Answer = tuple[int, dict[str, str], Any]
Handler = Callable[[Data], Answer]

_READ_UNIT_BYTES = 4096
# What a query or a scan rounds up is the sum of its entries.
_EVENTUALLY = 0.5


def install() -> None:
    dynamodb._put_item = _writing(dynamodb._put_item, _of_put)
    dynamodb._update_item = _writing(dynamodb._update_item, _of_key)
    dynamodb._delete_item = _writing(dynamodb._delete_item, _of_key)
    dynamodb._batch_write_item = _writing(dynamodb._batch_write_item, _of_batch)
    dynamodb._transact_write_items = _writing(
        dynamodb._transact_write_items, _of_transaction, times=2
    )
    dynamodb._get_item = _reading(dynamodb._get_item, _got)
    dynamodb._batch_get_item = _reading(dynamodb._batch_get_item, _got_of_batch)
    dynamodb._query = _reading(dynamodb._query, _queried)
    dynamodb._scan = _reading(dynamodb._scan, _queried)


def _writing(
    handler: Handler, keys: Callable[[Data], Iterable[tuple[str, Item]]], times: int = 1
) -> Handler:
    def write(data: Data) -> Answer:
        named = [(name, key) for name, key in keys(data) if _table(name) is not None]
        before = [_item(name, key) for name, key in named]
        answer = handler(data)
        if answer[0] < 400 or _refused(answer):
            for (name, key), old in zip(named, before, strict=True):
                _note_write(name, old, _item(name, key), times)
        return answer

    return write


def _note_write(name: str, old: Item | None, new: Item | None, times: int) -> None:
    table = _table(name) or {}
    largest = max(dynamodb._item_size_bytes(item or {}) for item in (old, new))
    indexes = table.get("GlobalSecondaryIndexes") or []
    note(
        Consumed(
            table=name,
            writes=1,
            write_units=times * dynamodb._capacity_kb(largest),
            index_write_units=sum(
                dynamodb._index_write_units(table, index, old, new) for index in indexes
            ),
        )
    )


def _refused(answer: Answer) -> bool:
    """Whether a condition didn't hold: such a write consumes what it would have."""
    body = json.loads(answer[2] or b"{}")
    kind = str(body.get("__type", "")).rsplit("#", 1)[-1]
    return kind in ("ConditionalCheckFailedException", "TransactionCanceledException")


def _of_put(data: Data) -> Iterable[tuple[str, Item]]:
    yield data.get("TableName", ""), data.get("Item") or {}


def _of_key(data: Data) -> Iterable[tuple[str, Item]]:
    yield data.get("TableName", ""), data.get("Key") or {}


def _of_batch(data: Data) -> Iterable[tuple[str, Item]]:
    for name, requests in (data.get("RequestItems") or {}).items():
        for request in requests:
            put, delete = request.get("PutRequest"), request.get("DeleteRequest")
            yield name, put["Item"] if put else (delete or {}).get("Key") or {}


def _of_transaction(data: Data) -> Iterable[tuple[str, Item]]:
    for member in data.get("TransactItems") or []:
        for kind, operation in member.items():
            yield operation["TableName"], operation["Item" if kind == "Put" else "Key"]


def _reading(handler: Handler, units: Callable[[Data, Data], Iterable[Consumed]]) -> Handler:
    def read(data: Data) -> Answer:
        answer = handler(data)
        if answer[0] < 400:
            for consumed in units(data, json.loads(answer[2])):
                note(consumed)
        return answer

    return read


def _got(data: Data, _answer: Data) -> Iterable[Consumed]:
    yield _of_read(data["TableName"], data["Key"], bool(data.get("ConsistentRead")))


def _got_of_batch(data: Data, _answer: Data) -> Iterable[Consumed]:
    for name, asked in data["RequestItems"].items():
        for key in asked["Keys"]:
            yield _of_read(name, key, bool(asked.get("ConsistentRead")))


def _of_read(name: str, key: Item, consistent: bool) -> Consumed:
    """The whole item counts, whatever of it is asked for; a missing one is a unit."""
    size = dynamodb._item_size_bytes(_item(name, key) or {})
    units = max(1, math.ceil(size / _READ_UNIT_BYTES))
    return Consumed(table=name, read_units=units if consistent else units * _EVENTUALLY)


def _queried(data: Data, answer: Data) -> Iterable[Consumed]:
    """What was read, before a filter; of an index, what it holds."""
    name = data["TableName"]
    entries = sum(dynamodb._item_size_bytes(item) for item in answer.get("Items", []))
    units = max(1, math.ceil(entries / _READ_UNIT_BYTES))
    consistent = bool(data.get("ConsistentRead"))
    yield Consumed(table=name, read_units=units if consistent else units * _EVENTUALLY)


def _table(name: str) -> dict[str, Any] | None:
    found: dict[str, Any] | None = dynamodb._tables.get(dynamodb._normalize_table_name(name))
    return found


def _item(name: str, key: Item) -> Item | None:
    table = _table(name)
    if table is None or table["pk_name"] not in key:
        return None
    item: Item | None = dynamodb._get_item_by_key(table, key)
    return copy.deepcopy(item)
