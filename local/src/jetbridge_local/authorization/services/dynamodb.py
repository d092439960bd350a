"""Amazon DynamoDB.

Sources: service authorization reference; developer guide, "Using IAM policy conditions for
fine-grained access control" (the condition keys) and "IAM with DynamoDB transactions" (each item of
a transaction is authorised as an action of its own).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..actions import action_of
from ..model import Call, Check, ContextValue, Facts, Place

_TRANSACTION_ACTIONS = {
    "ConditionCheck": "dynamodb:ConditionCheckItem",
    "Put": "dynamodb:PutItem",
    "Update": "dynamodb:UpdateItem",
    "Delete": "dynamodb:DeleteItem",
    "Get": "dynamodb:GetItem",
}
_READS = frozenset({"GetItem", "BatchGetItem", "Query", "Scan"})
_OF_THE_ACCOUNT = frozenset({"ListTables", "DescribeLimits", "ListBackups"})


def checks(call: Call, place: Place, facts: Facts) -> Iterator[Check]:
    parameters, operation = call.parameters, call.operation
    if operation in ("TransactWriteItems", "TransactGetItems"):
        for member in parameters.get("TransactItems", ()):
            for kind, item in member.items():
                context = {"dynamodb:EnclosingOperation": operation} | _context(kind, item, facts)
                yield Check(_TRANSACTION_ACTIONS[kind], _arn(item, place), context)
    elif operation in ("BatchGetItem", "BatchWriteItem"):
        action = action_of("dynamodb", operation)
        for table, asked in parameters.get("RequestItems", {}).items():
            named = asked if isinstance(asked, Mapping) else {}
            item = {"TableName": table, **named}
            keys = _keys_of_batch(table, asked, facts)
            yield Check(action, _arn(item, place), _leading(keys) | _attributes(operation, item))
    elif operation in _OF_THE_ACCOUNT or "TableName" not in parameters:
        yield Check(action_of("dynamodb", operation), "*")
    else:
        context = _context(operation, parameters, facts)
        yield Check(action_of("dynamodb", operation), _arn(parameters, place), context)


def _arn(item: Mapping[str, Any], place: Place) -> str:
    table = str(item["TableName"])
    arn = table if table.startswith("arn:") else place.arn("dynamodb", f"table/{table}")
    return f"{arn}/index/{item['IndexName']}" if "IndexName" in item else arn


def _context(kind: str, item: Mapping[str, Any], facts: Facts) -> dict[str, ContextValue]:
    key = facts.partition_key(_name(item["TableName"]), item.get("IndexName"))
    values: list[str] = []
    if key is not None:
        named = (item.get("Key"), item.get("Item"))
        values += [_plain(each[key]) for each in named if isinstance(each, Mapping) and key in each]
        values += _queried(key, item)
    context = _leading(values) | _attributes(kind, item)
    if "ReturnValues" in item:
        context["dynamodb:ReturnValues"] = str(item["ReturnValues"])
    if "ReturnConsumedCapacity" in item:
        context["dynamodb:ReturnConsumedCapacity"] = str(item["ReturnConsumedCapacity"])
    return context


def _queried(key: str, item: Mapping[str, Any]) -> list[str]:
    """The value that a KeyConditionExpression gives the partition key."""
    names = {named: name for name, named in item.get("ExpressionAttributeNames", {}).items()}
    spelled = "|".join(re.escape(each) for each in (key, names.get(key)) if each)
    condition = str(item.get("KeyConditionExpression", ""))
    found = re.search(rf"(?:^|[\s(])(?:{spelled})\s*=\s*(:\w+)", condition)
    values = item.get("ExpressionAttributeValues", {})
    return [_plain(values[found[1]])] if found and found[1] in values else []


def _keys_of_batch(table: str, asked: Any, facts: Facts) -> list[str]:
    key = facts.partition_key(_name(table), None)
    if isinstance(asked, Mapping):
        items = list(asked.get("Keys", ()))
    else:
        items = [
            write.get("PutRequest", {}).get("Item") or write.get("DeleteRequest", {}).get("Key")
            for write in asked
        ]
    return [_plain(item[key]) for item in items if item and key in item]


def _attributes(kind: str, item: Mapping[str, Any]) -> dict[str, ContextValue]:
    """The top-level attributes that are read or named, and what a read answers with."""
    names = item.get("ExpressionAttributeNames", {})
    words = [re.split(r"[.\[]", part.strip())[0] for part in _expressions(item)]
    named = [str(names.get(word, word)) for word in words if word]
    whole = item.get("Key") or {}
    given = list(dict.fromkeys([*whole, *(item.get("Item") or {}), *named]))
    context: dict[str, ContextValue] = {"dynamodb:Attributes": tuple(given)} if given else {}
    if kind in _READS:
        default = "SPECIFIC_ATTRIBUTES" if "ProjectionExpression" in item else "ALL_ATTRIBUTES"
        context["dynamodb:Select"] = str(item.get("Select", default))
    return context


def _expressions(item: Mapping[str, Any]) -> Iterator[str]:
    if "ProjectionExpression" in item:
        yield from str(item["ProjectionExpression"]).split(",")
    for name in ("UpdateExpression", "ConditionExpression", "KeyConditionExpression"):
        yield from re.findall(r"#\w+", str(item.get(name, "")))


def _leading(values: list[str]) -> dict[str, ContextValue]:
    return {"dynamodb:LeadingKeys": tuple(values)} if values else {}


def _name(table: str) -> str:
    return table.rpartition("/")[2]


def _plain(value: Any) -> str:
    """``{"S": "x"}`` as ``x``."""
    [text] = value.values() if isinstance(value, Mapping) else [value]
    return str(text)
