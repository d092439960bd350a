"""The outcomes table in DynamoDB: key ``run_id``, the outcome as JSON in ``outcome``.

Before the outcome is sealed, the item describes the run's task or job as JSON in ``launched``. If
the run isn't launched yet, the item has the reason as JSON in ``waiting``.

The index ``finished`` (``feed``, ``finished_at`` in epoch seconds) lists the runs that finished
since a given time. ``feed`` has the same value in every item, so one Query finds them all. An item
without an outcome has neither attribute, so it isn't in the index.
"""

import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from jetbridge.aws.items import Item, item_of, mark, marshal, unmarshal, update_of
from jetbridge.contract import (
    ContractError,
    Launched,
    Outcome,
    Waiting,
    carried,
    decode,
    encode,
    read_record,
    to_builtins,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import UpdateTypeDef

log = logging.getLogger(__name__)

FEED_INDEX = "finished"
FEED = "1"
_DAY_SECONDS = 24 * 3600


class DynamoOutcomes:
    """``Outcomes``, ``LaunchedRecords`` and ``WaitingRecords`` on one table. Items
    expire ``retention_days`` after they were written."""

    def __init__(
        self,
        client: "DynamoDBClient",
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
        standing = self._put(outcome, "attribute_not_exists(outcome)")
        if standing is None:
            return outcome
        sealed = _outcome(standing) or self.get(outcome.run_id)
        if sealed is not None:
            return sealed
        # Nobody can have read this item. Replace it, unless it has changed in the meantime.
        unreadable = {":standing": standing["outcome"]} if "outcome" in standing else None
        condition = "outcome = :standing" if unreadable else "attribute_not_exists(outcome)"
        standing = self._put(outcome, condition, unreadable)
        return outcome if standing is None else _outcome(standing) or outcome

    def _put(
        self, outcome: Outcome, condition: str, values: dict[str, Any] | None = None
    ) -> Item | None:
        """Returns None if the outcome was written; otherwise the item that is there."""
        given: Item = {"ExpressionAttributeValues": values} if values else {}
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
                ConditionExpression=condition,
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
                **given,
            )
        except self._client.exceptions.ConditionalCheckFailedException as failure:
            return item_of(failure) or {}
        return None

    def put_launched(self, record: Launched, order: int) -> None:
        mark(self._client, *self._launched(record, order))

    def launched_update(self, record: Launched, order: int) -> "UpdateTypeDef":
        """The write of ``put_launched``, as part of a transaction."""
        return update_of(*self._launched(record, order))

    def _launched(self, record: Launched, order: int) -> tuple[str, Item, str, str, Item]:
        return (
            self._table,
            {"run_id": record.run_id},
            "SET #launched = :launched, #launch = :launch, #order = :order, "
            "#expires_at = :expires_at",
            "attribute_not_exists(#outcome) AND (attribute_not_exists(#launch) "
            "OR #launch < :launch OR (#launch = :launch AND #order < :order))",
            {
                ":launched": encode(carried(to_builtins(record)).value),
                ":launch": record.launch,
                ":order": order,
                ":expires_at": int(self._clock()) + self._retention,
            },
        )

    def put_waiting(self, record: Waiting) -> None:
        mark(
            self._client,
            self._table,
            {"run_id": record.run_id},
            "SET #waiting = :waiting, #waiting_launch = :launch, #expires_at = :expires_at",
            "attribute_not_exists(#outcome) AND (attribute_not_exists(#waiting_launch) "
            "OR #waiting_launch <= :launch)",
            {
                ":waiting": encode(carried(to_builtins(record)).value),
                ":launch": record.launch,
                ":expires_at": int(self._clock()) + self._retention,
            },
        )


def _outcome(item: Item) -> Outcome | None:
    """The outcome of an item, in a form that Airflow can carry. Returns None if the item has no
    outcome yet, or one that can't be read; the latter is logged."""
    if "outcome" not in item:
        return None
    try:
        return decode(Outcome, read_record(item["outcome"].get("S", "")))
    except ContractError as error:
        run_id = unmarshal({"run_id": item["run_id"]})["run_id"]
        log.error("The sealed outcome of run %s can't be read: %s", run_id, error)
        return None
