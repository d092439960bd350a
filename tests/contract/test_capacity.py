"""DynamoDB's units by AWS's examples and rules: Amazon DynamoDB developer guide, "DynamoDB read and
write operations" and "Using global secondary indexes"."""

import time
import uuid
from contextlib import suppress
from typing import Any

import pytest
from probe_aws import Aws


class Table:
    """A table with an index of only keys, and one whose index projects everything."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self.client = aws.client("dynamodb")
        self.name = f"units-{uuid.uuid4()}"
        names = ("id", "kind", "at")
        self.client.create_table(
            TableName=self.name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n in names],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            GlobalSecondaryIndexes=[
                {
                    "IndexName": projection.lower(),
                    "KeySchema": [
                        {"AttributeName": "kind", "KeyType": "HASH"},
                        {"AttributeName": "at", "KeyType": "RANGE"},
                    ],
                    "Projection": {"ProjectionType": projection},
                }
                for projection in ("KEYS_ONLY", "ALL")
            ],
        )

    def units(self, operation: str, **parameters: Any) -> tuple[float, float, float]:
        """Write units of the table and of both indexes, and read units of one call."""
        since = time.time()
        with suppress(self.client.exceptions.ConditionalCheckFailedException):
            getattr(self.client, operation)(**parameters)
        [call] = [c for c in self._aws.cloud.calls(since) if c["service"] == "dynamodb"]
        consumed = call["consumed"]
        figures = ("write_units", "index_write_units", "read_units")
        total = [sum(each[figure] for each in consumed) for figure in figures]
        return total[0], total[1], total[2]

    def put(self, **item: str) -> tuple[float, float, float]:
        return self.units("put_item", TableName=self.name, Item=_item(**item))

    def set(self, key: str, change: str, **values: str) -> tuple[float, float, float]:
        return self.units(
            "update_item",
            TableName=self.name,
            Key=_item(id=key),
            UpdateExpression=change,
            ExpressionAttributeNames={"#at": "at"} if "#at" in change else {"#x": "x"},
            ExpressionAttributeValues={f":{name}": {"S": value} for name, value in values.items()},
        )


def _item(**attributes: str) -> dict[str, Any]:
    return {name: {"S": value} for name, value in attributes.items()}


@pytest.fixture
def table(aws: Aws) -> Table:
    return Table(aws)


def test_a_write_is_rounded_up_to_kilobytes(table: Table) -> None:
    assert table.put(id="a", x="x" * 400) == (1, 0, 0)
    assert table.put(id="b", x="x" * 2500) == (3, 0, 0)


def test_the_larger_of_both_sizes_counts(table: Table) -> None:
    table.put(id="a", x="x" * 2500)
    assert table.set("a", "SET #x = :x", x="x") == (3, 0, 0)
    assert table.set("a", "SET #x = :x", x="y") == (1, 0, 0)


def test_an_index_of_keys_doesnt_feel_the_payload(table: Table) -> None:
    assert table.put(id="a", kind="1", at="1", x="x" * 2500) == (3, 1 + 3, 0)
    # Nothing changes in the first; the second rewrites all.
    assert table.set("a", "SET #x = :x", x="y" * 2500) == (3, 0 + 3, 0)
    # A key that changes is an entry less and another one more.
    assert table.set("a", "SET #at = :at", at="2") == (3, 2 + 6, 0)
    assert table.set("a", "SET #x = :x REMOVE kind", x="y") == (3, 1 + 3, 0)


def test_a_condition_that_fails_consumes_as_well(table: Table) -> None:
    table.put(id="a", kind="1", at="1", x="x" * 1500)
    put = {"TableName": table.name, "Item": _item(id="a")}
    assert table.units("put_item", **put, ConditionExpression="attribute_not_exists(id)")[0] == 2


def test_a_transaction_consumes_twice(table: Table) -> None:
    puts = [
        {"Put": {"TableName": table.name, "Item": _item(id=name, kind="1", at="1")}}
        for name in ("a", "b")
    ]
    assert table.units("transact_write_items", TransactItems=puts) == (4, 4, 0)


def test_reads_are_rounded_up_to_four_kilobytes(table: Table) -> None:
    table.put(id="a", kind="1", at="1", x="x" * 5000)
    get = {"TableName": table.name, "Key": _item(id="a")}
    assert table.units("get_item", **get, ConsistentRead=True) == (0, 0, 2)
    assert table.units("get_item", **get) == (0, 0, 1)
    keys = {table.name: {"Keys": [_item(id="a"), _item(id="none")], "ConsistentRead": True}}
    assert table.units("batch_get_item", RequestItems=keys) == (0, 0, 3)
    query = {
        "TableName": table.name,
        "KeyConditionExpression": "kind = :one",
        "ExpressionAttributeValues": {":one": {"S": "1"}},
    }
    assert table.units("query", **query, IndexName="keys_only") == (0, 0, 0.5)
    assert table.units("query", **query, IndexName="all") == (0, 0, 1)
