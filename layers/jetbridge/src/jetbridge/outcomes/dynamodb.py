"""The outcomes table in DynamoDB: key ``run_id``, the outcome as JSON in ``outcome``.

Until it is sealed, the item has what the run was launched as, as JSON in ``launched``.

Its index ``finished`` (``feed``, ``finished_at`` in epoch seconds) says which runs were finished
since a moment. ``feed`` is the same for all, so one Query finds them. Launched records have
neither attribute: they aren't in the index.
"""

import time
from collections.abc import Callable
from typing import Any

from jetbridge.contract import Launched, Outcome, decode, encode
from jetbridge.dynamodb import Item, mark, marshal, unmarshal

FEED_INDEX = "finished"
FEED = "1"
_DAY_SECONDS = 24 * 3600


class DynamoOutcomes:
    """``Outcomes`` and ``LaunchedRecords`` on one table. Items expire ``retention_days`` after
    they were written."""

    def __init__(
        self,
        client: Any,
        table: str,
        retention_days: int = 14,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._client = client
        self._table = table
        self._retention = retention_days * _DAY_SECONDS
        self._clock = clock

    def get(self, run_id: str) -> Outcome | None:
        answer = self._client.get_item(
            TableName=self._table, Key=marshal({"run_id": run_id}), ConsistentRead=True
        )
        return _outcome(answer.get("Item", {}))

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
                ConditionExpression="attribute_not_exists(outcome)",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self._client.exceptions.ConditionalCheckFailedException as failure:
            sealed = _outcome(failure.response.get("Item", {}))
            return sealed or self.get(outcome.run_id) or outcome
        return outcome

    def put_launched(self, record: Launched, order: int) -> None:
        mark(
            self._client,
            self._table,
            {"run_id": record.run_id},
            "SET #launched = :launched, #launch = :launch, #order = :order, "
            "#expires_at = :expires_at",
            "attribute_not_exists(#outcome) AND (attribute_not_exists(#launch) "
            "OR #launch < :launch OR (#launch = :launch AND #order < :order))",
            {
                ":launched": encode(record),
                ":launch": record.launch,
                ":order": order,
                ":expires_at": int(self._clock()) + self._retention,
            },
        )


def _outcome(item: Item) -> Outcome | None:
    """The outcome of an item; None if it has none yet."""
    text = unmarshal(item).get("outcome")
    return None if text is None else decode(Outcome, text)
