"""DynamoDB items, conditional writes and transactions, for both tables."""

import re
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from jetbridge.aws.back_off import back_off, spread

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef, UpdateTypeDef

Item = dict[str, Any]

# What DynamoDB keeps of a number (Amazon DynamoDB developer guide, "Data types", Number).
_MOST_DIGITS = 38
_LEAST, _MOST = 1e-130, 9.99e125

# Why DynamoDB may cancel a transaction that can succeed later (API reference of
# TransactWriteItems, "TransactionCanceledException"; RequestLimitExceeded is among PutItem's own
# errors). botocore repeats a throttled call, but not this exception, whatever its reasons are.
_PASSING = frozenset(
    {
        "TransactionConflict",
        "ThrottlingError",
        "ProvisionedThroughputExceeded",
        "RequestLimitExceeded",
    }
)
# With their pauses at most 3.5 s, of the 30 s that start_run has.
TRANSACTION_ATTEMPTS = 7
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.1, 1.0


def marshal(item: Item) -> Item:
    """A plain item in DynamoDB's own notation.

    Attributes are what the tables hold: texts, numbers and booleans. Structures are JSON text.
    (boto3's TypeSerializer knows the other kinds, at the price of importing boto3.)

    Raises:
        TypeError: an attribute is of another type.
        ValueError: DynamoDB can't hold the number, or the text is not in Unicode.
    """
    return {name: _marshalled(name, value) for name, value in item.items()}


def unmarshal(item: Item) -> Item:
    """An item in DynamoDB's own notation as a plain one; whole numbers become ``int``.

    Raises:
        TypeError: an attribute is of a kind that ``marshal`` doesn't write.
    """
    return {name: _plain(name, value) for name, value in item.items()}


def item_bytes(item: Item) -> int:
    """The size of a plain item as DynamoDB counts it; 400 KB are allowed.

    Names and texts in UTF-8, a truth as 1 byte, a number as a byte for two significant digits and
    two more (Amazon DynamoDB developer guide, "DynamoDB item sizes and formats").
    """
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def update(
    client: "DynamoDBClient", table: str, key: Item, change: str, condition: str, values: Item
) -> tuple[bool, Item | None]:
    """One conditional write. Returns whether the condition held, and the whole item: after the
    write, or as it was when the condition didn't hold; None if there is no item.

    Both expressions have attributes as ``#name``, because many of their names are reserved
    (Amazon DynamoDB developer guide, "Reserved words").
    """
    parameters = update_of(table, key, change, condition, values)
    parameters["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    try:
        answer = client.update_item(**parameters, ReturnValues="ALL_NEW")
    except client.exceptions.ConditionalCheckFailedException as failure:
        return False, item_of(failure)
    return True, answer["Attributes"]


def item_of(failure: Exception) -> Item | None:
    """The item for which a condition didn't hold, of a ConditionalCheckFailedException; None if
    there is no item."""
    item: Item | None = getattr(failure, "response", {}).get("Item")
    return item


def mark(
    client: "DynamoDBClient", table: str, key: Item, change: str, condition: str, values: Item
) -> None:
    """A conditional write whose result doesn't matter: neither the item, nor whether the condition
    held."""
    with suppress(client.exceptions.ConditionalCheckFailedException):
        client.update_item(**update_of(table, key, change, condition, values))


def transact(
    client: "DynamoDBClient",
    writes: list["TransactWriteItemTypeDef"],
    sleep: Callable[[float], None] = time.sleep,
) -> bool:
    """Do all of the writes, or none. Returns False if a condition doesn't hold, or if others keep
    writing the same items.

    If DynamoDB throttles one of the writes, or another transaction is using its item, all writes
    are tried again, with back-off and jitter.

    Raises:
        TransactionCanceledException: DynamoDB throttles it at the last attempt, too, or cancels it
            for another reason.
    """
    for attempt in range(TRANSACTION_ATTEMPTS):
        if attempt:
            sleep(spread(back_off(_FIRST_PAUSE_SECONDS, attempt - 1, _LONGEST_PAUSE_SECONDS)))
        try:
            client.transact_write_items(TransactItems=writes)
            return True
        except client.exceptions.TransactionCanceledException as cancelled:
            reasons = cancelled.response["CancellationReasons"]
            codes = {reason.get("Code") for reason in reasons} - {"None"}
            if "ConditionalCheckFailed" in codes:
                return False
            last = attempt == TRANSACTION_ATTEMPTS - 1
            if not codes <= _PASSING or (last and codes != {"TransactionConflict"}):
                raise
    return False


def update_of(table: str, key: Item, change: str, condition: str, values: Item) -> "UpdateTypeDef":
    """Parameters of UpdateItem, or of an Update in a transaction, for attributes as ``#name``."""
    names = {f"#{name}": name for name in re.findall(r"#(\w+)", f"{change} {condition}")}
    return {
        "TableName": table,
        "Key": marshal(key),
        "UpdateExpression": change,
        "ConditionExpression": condition,
        "ExpressionAttributeNames": names,
        "ExpressionAttributeValues": marshal(values),
    }


def _marshalled(name: str, value: Any) -> dict[str, Any]:
    match value:
        case bool():
            return {"BOOL": value}
        case str():
            value.encode()  # DynamoDB keeps UTF-8, which has no halves of surrogate pairs
            return {"S": value}
        case int() | float():
            return {"N": _number(name, value)}
    raise TypeError(
        f"attribute {name} is a {type(value).__name__}: give a str, a number or a bool; "
        "a structure as JSON text"
    )


def _number(name: str, value: float) -> str:
    if isinstance(value, int):
        # Compared before it is written out: Python refuses to write integers of many digits.
        fits = abs(value) <= _MOST and len(str(abs(value)).rstrip("0")) <= _MOST_DIGITS
    else:
        fits = value == 0 or _LEAST <= abs(value) <= _MOST
    if not fits:
        shown = f"of {value.bit_length()} bits" if isinstance(value, int) else value
        raise ValueError(
            f"attribute {name} is {shown}: DynamoDB keeps numbers of up to {_MOST_DIGITS} digits "
            f"from {_LEAST} to {_MOST}; store it as text"
        )
    return str(value)


def _value_bytes(value: Any) -> int:
    if isinstance(value, str):
        return len(value.encode())
    if isinstance(value, bool):
        return 1
    digits = sum(each.isdigit() for each in str(value).partition("e")[0].strip("0."))
    return (digits + 1) // 2 + 2


def _plain(name: str, value: dict[str, Any]) -> Any:
    match value:
        case {"S": str(text)}:
            return text
        case {"BOOL": bool(truth)}:
            return truth
        case {"N": str(number)}:
            return int(number) if number.lstrip("-").isdecimal() else float(number)
    raise TypeError(
        f"attribute {name} is of DynamoDB's type {', '.join(value)}: Jetbridge writes S, N and "
        "BOOL only; remove what else wrote to its table"
    )
