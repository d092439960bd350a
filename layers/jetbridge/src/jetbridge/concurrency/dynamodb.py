"""Concurrency groups in DynamoDB: one item for each group."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoGroups:
    """``Groups`` in the runs table: ``run_id`` ``group#<name>``, ``holders`` a set of run ids.

    One conditional write takes a slot. It adds the run's id to the set if the set is smaller than
    the limit, or if the id is in it already. (``size`` of a set is the number of its members:
    Amazon DynamoDB developer guide, "Condition expressions".) So a repeated message takes no second
    slot, and two functions can't both take the last one. ADD and DELETE of a set's member may be
    repeated, too.
    """

    def __init__(self, client: "DynamoDBClient", table: str, limits: Mapping[str, int]) -> None:
        self._client = client
        self._table = table
        self._limits = limits

    def limit(self, group: str) -> int | None:
        return self._limits.get(group)

    def take(self, group: str, run_id: str) -> bool:
        limit = self.limit(group)
        if limit is None:
            return True
        try:
            self._client.update_item(
                TableName=self._table,
                Key=_key(group),
                UpdateExpression="ADD holders :us",
                ConditionExpression=(
                    "attribute_not_exists(holders) OR size(holders) < :limit "
                    "OR contains(holders, :run)"
                ),
                ExpressionAttributeValues={
                    ":us": {"SS": [run_id]},
                    ":run": {"S": run_id},
                    ":limit": {"N": str(limit)},
                },
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def release(self, group: str, run_id: str) -> None:
        self._client.update_item(
            TableName=self._table,
            Key=_key(group),
            UpdateExpression="DELETE holders :us",
            ExpressionAttributeValues={":us": {"SS": [run_id]}},
        )

    def holders(self) -> dict[str, set[str]]:
        return {group: self._holders(group) for group in self._limits}

    def _holders(self, group: str) -> set[str]:
        answer = self._client.get_item(TableName=self._table, Key=_key(group), ConsistentRead=True)
        return set(answer.get("Item", {}).get("holders", {}).get("SS", []))


def _key(group: str) -> dict[str, Any]:
    return {"run_id": {"S": f"group#{group}"}}
