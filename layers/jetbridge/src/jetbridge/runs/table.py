"""What the adapters of the runs table share: the table, its times, and the put of a new row."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from jetbridge.aws.items import Item, marshal
from jetbridge.runs.item import new_item
from jetbridge.runs.run import Run
from jetbridge.runs.unfinished import later_by

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import PutTypeDef

_DAY_SECONDS = 24 * 3600
# A partition key's limit (Amazon DynamoDB developer guide, "Quotas").
_KEY_BYTES = 2048


def may_be_run(run_id: str) -> bool:
    """Whether the id can belong to a run. Every other item of the table has a ``#`` in its key:
    ``pace#…``, ``task#…``, ``copy#…``, ``live#…``."""
    try:
        return "#" not in run_id and 0 < len(run_id.encode()) <= _KEY_BYTES
    except UnicodeEncodeError:
        return False


class RunsTable:
    """The runs table, read and written with a DynamoDB client.

    The sweeper looks at a run that has had no news for ``check_after_seconds``.
    """

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        check_after_seconds: float,
        retention_days: int = 30,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._client = client
        self._table = table
        self._check_after = check_after_seconds
        self._retention = retention_days * _DAY_SECONDS
        self._clock = clock

    def _row_of(self, run: Run) -> Item:
        later = self._check_after + later_by(run.run_id, self._check_after)
        return new_item(run, self._clock() + later, self._retention)

    def _put_new(self, row: Item) -> "PutTypeDef":
        """Parameters of a put that fails if the run already has a row."""
        return {
            "TableName": self._table,
            "Item": marshal(row),
            "ConditionExpression": "attribute_not_exists(run_id)",
        }
