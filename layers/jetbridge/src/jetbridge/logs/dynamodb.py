"""How far each copy has come, in the runs table."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from jetbridge.aws.items import Item, marshal, unmarshal
from jetbridge.logs.copy_state import CopyState
from jetbridge.runs.port import UnreadableRow

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# As long as a message may wait in a queue.
KEPT_SECONDS = 14 * 24 * 3600


class DynamoCopies:
    """``Copies`` on items of the runs table: ``run_id`` ``copy#<key>``, ``version``, ``state``."""

    def __init__(
        self, client: "DynamoDBClient", table: str, clock: Callable[[], float] = time.time
    ) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    def get(self, key: str) -> CopyState:
        """Raises UnreadableRow if somebody else wrote the item, so that its message is given up at
        once."""
        answer = self._client.get_item(TableName=self._table, Key=_key(key), ConsistentRead=True)
        if "Item" not in answer:
            return CopyState()
        try:
            text = unmarshal({"state": answer["Item"]["state"]})["state"]
            return msgspec.json.decode(text, type=CopyState)
        except (msgspec.MsgspecError, KeyError, TypeError, ValueError, RecursionError) as error:
            raise UnreadableRow(f"copy#{key}", f"{type(error).__name__}: {error}") from error

    def save(self, key: str, state: CopyState) -> bool:
        first = state.version == 1
        values: Item = {
            ":version": state.version,
            ":state": msgspec.json.encode(state).decode(),
            ":expires_at": int(self._clock()) + KEPT_SECONDS,
        }
        before = {} if first else {":before": state.version - 1}
        try:
            self._client.update_item(
                TableName=self._table,
                Key=_key(key),
                UpdateExpression="SET #version = :version, #state = :state, "
                "#expires_at = :expires_at",
                ConditionExpression="attribute_not_exists(#version)"
                if first
                else "#version = :before",
                ExpressionAttributeNames={
                    f"#{name}": name for name in ("version", "state", "expires_at")
                },
                ExpressionAttributeValues=marshal(values | before),
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True


def _key(key: str) -> dict[str, Any]:
    return marshal({"run_id": f"copy#{key}"})
