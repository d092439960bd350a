"""The outcomes table in DynamoDB: key ``run_id``, the outcome as JSON in ``outcome``.

Its index ``finished`` (``feed``, ``finished_at`` in epoch seconds) says which runs were finished
since a moment. ``feed`` is the same for all, so one Query finds them.
"""

from typing import Any

from jetbridge.contract import Outcome, decode, encode
from jetbridge.dynamodb import marshal, unmarshal

FEED_INDEX = "finished"
FEED = "1"
_DAY_SECONDS = 24 * 3600


class DynamoOutcomes:
    """``Outcomes`` on one table. Items expire ``retention_days`` after they were sealed."""

    def __init__(self, client: Any, table: str, retention_days: int = 14) -> None:
        self._client = client
        self._table = table
        self._retention = retention_days * _DAY_SECONDS

    def get(self, run_id: str) -> Outcome | None:
        answer = self._client.get_item(
            TableName=self._table, Key=marshal({"run_id": run_id}), ConsistentRead=True
        )
        item = answer.get("Item", {})
        return _outcome(item) if "outcome" in item else None

    def seal(self, outcome: Outcome) -> Outcome:
        try:
            self._client.put_item(
                TableName=self._table,
                Item=marshal(
                    {
                        "run_id": outcome.run_id,
                        "outcome": encode(outcome),
                        "feed": FEED,
                        "finished_at": outcome.finished_at,
                        "expires_at": int(outcome.finished_at) + self._retention,
                    }
                ),
                ConditionExpression="attribute_not_exists(run_id)",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self._client.exceptions.ConditionalCheckFailedException as failure:
            sealed = failure.response.get("Item")
            return _outcome(sealed) if sealed else self.get(outcome.run_id) or outcome
        return outcome


def _outcome(item: dict[str, Any]) -> Outcome:
    return decode(Outcome, unmarshal(item)["outcome"])
