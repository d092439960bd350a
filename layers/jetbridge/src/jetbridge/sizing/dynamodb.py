"""Advice on sizes in the outcomes table: an item for each group, whose key is no run id.

It has ``days``, what the group's runs used day by day, as JSON, and ``advice``, the sentence that
follows. It isn't in the index of finished runs, and expires like an outcome.
"""

import time
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import TYPE_CHECKING

from msgspec.structs import replace

from jetbridge.aws.batch_get import items_of
from jetbridge.aws.items import Item, marshal, update_of
from jetbridge.contract import ContractError, Outcome, decode, read_record
from jetbridge.outcomes.dynamodb import FEED, FEED_INDEX
from jetbridge.sizing.days import KEPT_DAYS

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_DAY_SECONDS = 24 * 3600


class DynamoSizes:
    """``Sizes`` on the outcomes table."""

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._table = table
        self._clock = clock
        self._sleep = sleep

    def outcomes(self, since: float, until: float, most: int) -> Iterator[Outcome]:
        """Outcomes that can't be read are left out. Those of a day may have hundreds of megabytes
        of results and last lines, so they come without these."""
        for item in self._items(self._finished(since, until, most)):
            try:
                outcome = decode(Outcome, read_record(item["outcome"]["S"]))
            except (ContractError, KeyError):
                continue
            yield replace(outcome, result=None, last_lines=[])

    def days(self, keys: Collection[str]) -> dict[str, str]:
        return {
            str(item["run_id"]["S"]): str(item.get("days", {}).get("S", ""))
            for item in self._items(keys)
        }

    def keep(self, key: str, days: str, advice: str, before: str | None) -> None:
        """Raises ConditionalCheckFailedException if the item has changed."""
        change = "SET #days = :days, #advice = :advice, #expires_at = :expires_at"
        values: Item = {
            ":days": days,
            ":advice": advice,
            ":expires_at": int(self._clock()) + (KEPT_DAYS + 1) * _DAY_SECONDS,
        }
        condition = "attribute_not_exists(#days)"
        if before is not None:
            condition, values[":before"] = "#days = :before", before
        self._client.update_item(
            **update_of(self._table, {"run_id": key}, change, condition, values)
        )

    def _finished(self, since: float, until: float, most: int) -> Iterator[str]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName=FEED_INDEX,
            KeyConditionExpression="feed = :feed AND finished_at BETWEEN :since AND :until",
            ExpressionAttributeValues=marshal({":feed": FEED, ":since": since, ":until": until}),
            ScanIndexForward=False,
            PaginationConfig={"MaxItems": most},
        )
        for page in pages:
            for item in page["Items"]:
                yield str(item["run_id"]["S"])

    def _items(self, keys: Iterable[str]) -> Iterator[Item]:
        return items_of(self._client, self._table, keys, self._sleep)


class SizeAdvice:
    """Reads a group's advice, and remembers it.

    ``client`` must not repeat calls, since a run is sealed only after this read.
    """

    KEPT_SECONDS = 3600
    AFTER_ERROR_SECONDS = 60
    MOST = 1_000

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        report: Callable[[str], object],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._table = table
        self._report = report
        self._clock = clock
        self._known: dict[str, tuple[float, str]] = {}
        self._silent_until = 0.0

    def __call__(self, key: str) -> str:
        """The advice on a group; "" if there is none or if it can't be read now.

        It is at most an hour old. After an error nothing is read for a minute, so a table that
        doesn't answer delays few runs. Raises nothing.
        """
        now = self._clock()
        until, advice = self._known.get(key, (0.0, ""))
        if now < until or now < self._silent_until:
            return advice
        try:
            advice = self._read(key)
        except Exception as error:  # an outcome is sealed whatever this read answers
            self._silent_until = now + self.AFTER_ERROR_SECONDS
            self._report(f"The advice on sizes can't be read: {error}")
            return advice
        if len(self._known) >= self.MOST:
            self._known.clear()
        self._known[key] = (now + self.KEPT_SECONDS, advice)
        return advice

    def _read(self, key: str) -> str:
        answer = self._client.get_item(
            TableName=self._table,
            Key=marshal({"run_id": key}),
            ProjectionExpression="advice",
        )
        return str(answer.get("Item", {}).get("advice", {}).get("S", ""))
