"""DynamoDB items and conditional writes, for both tables."""

import re
from decimal import Decimal
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

Item = dict[str, Any]

_serializer = TypeSerializer()
_deserializer = TypeDeserializer()


def marshal(item: Item) -> Item:
    """A plain item in DynamoDB's own notation (floats become DynamoDB numbers)."""
    return {name: _serializer.serialize(_number(value)) for name, value in item.items()}


def unmarshal(item: Item) -> Item:
    """An item in DynamoDB's own notation as a plain one."""
    plain = {name: _deserializer.deserialize(value) for name, value in item.items()}
    return {
        name: float(value) if isinstance(value, Decimal) else value for name, value in plain.items()
    }


def update(
    client: Any, table: str, key: Item, change: str, condition: str, values: Item
) -> Item | None:
    """One conditional write; the whole item after it, or None if the condition doesn't hold.

    Attributes stand in both expressions as ``#name``, since many of their names are reserved
    (Amazon DynamoDB developer guide, "Reserved words").
    """
    names = {f"#{name}": name for name in re.findall(r"#(\w+)", f"{change} {condition}")}
    try:
        answer = client.update_item(
            TableName=table,
            Key=marshal(key),
            UpdateExpression=change,
            ConditionExpression=condition,
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=marshal(values),
            ReturnValues="ALL_NEW",
        )
    except client.exceptions.ConditionalCheckFailedException:
        return None
    attributes: Item = answer["Attributes"]
    return attributes


def _number(value: Any) -> Any:
    return Decimal(str(value)) if isinstance(value, float) else value
