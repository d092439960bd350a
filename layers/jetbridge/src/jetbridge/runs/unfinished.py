"""Which runs are due: the index of unfinished runs in the runs table.

The sparse index ``unfinished`` (``shard``, ``check_at``) has the keys of a run's row until the run
is finished, and no other attributes. One key value accepts 1,000 write units a second (Amazon
DynamoDB developer guide, "Best practices for designing and using partition keys effectively"). A
throttled index throttles its table (same guide, "Understanding and troubleshooting throttling in
global secondary indexes"). So the index has shards, and ``check_at`` is written with a new row and
seldom changed.

Rows of the release before are in the index ``active`` (``active`` = "1", ``check_at``). Its
functions write such rows until the stack's update is complete. The first look at a row moves it.
"""

import time
import zlib
from collections.abc import Callable, Iterator
from heapq import merge
from typing import TYPE_CHECKING, NamedTuple

from jetbridge.aws.batch_get import KEYS_AT_ONCE, items_of
from jetbridge.aws.batches import batches
from jetbridge.aws.items import Item, marshal, unmarshal

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

INDEX = "unfinished"
SHARDS = 16
# The index of the release before. A later release deletes it, because one update of a stack can
# create or delete only one index (AWS CloudFormation, AWS::DynamoDB::Table,
# "GlobalSecondaryIndexes").
EARLIER_INDEX = "active"
# The share of the waiting time over which looks are spread, for many runs accepted at once.
SPREAD = 0.1


def shard_of(run_id: str) -> str:
    """The value of the index's partition key for a run. It never changes."""
    return f"{_hash(run_id) % SHARDS:x}"


def later_by(run_id: str, seconds: float) -> float:
    """How many seconds after ``seconds`` the sweeper looks at this run."""
    return seconds * SPREAD * (_hash(run_id) // SHARDS % 1000) / 1000


def _hash(run_id: str) -> int:
    return zlib.crc32(run_id.encode())


class _Due(NamedTuple):
    check_at: float
    run_id: str


class Unfinished:
    """Reads the rows of due runs when the caller asks for the next one."""

    def __init__(
        self, client: "DynamoDBClient", table: str, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._client = client
        self._table = table
        self._sleep = sleep

    def due(self, now: float) -> Iterator[Item]:
        """Rows of unfinished runs with ``check_at`` up to now, earliest first, in DynamoDB's
        notation. The indexes say which runs are due. Each row is read in the same way as ``get``
        reads it.

        Raises:
            RuntimeError: DynamoDB repeatedly leaves out rows. The runs not yet read are still due.
        """
        shards = [self._keys(INDEX, "shard", f"{number:x}", now) for number in range(SHARDS)]
        earlier = self._keys(EARLIER_INDEX, "active", "1", now)
        for some in batches(merge(*shards, earlier), KEYS_AT_ONCE):
            # A row that is in both indexes is being moved.
            run_ids = list(dict.fromkeys(each.run_id for each in some))
            read = items_of(self._client, self._table, run_ids, self._sleep, consistent=True)
            rows = {row["run_id"]["S"]: row for row in read}
            yield from (rows[run_id] for run_id in run_ids if run_id in rows)

    def _keys(self, index: str, attribute: str, value: str, now: float) -> Iterator[_Due]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName=index,
            KeyConditionExpression="#key = :key AND check_at <= :now",
            ProjectionExpression="run_id, check_at",
            ExpressionAttributeNames={"#key": attribute},
            ExpressionAttributeValues=marshal({":key": value, ":now": now}),
        )
        for page in pages:
            for item in page["Items"]:
                plain = unmarshal(item)
                yield _Due(float(plain["check_at"]), str(plain["run_id"]))
