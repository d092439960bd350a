"""The outcomes table: looked up in batches, and its index of what ended lately."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from airflow_provider_jetbridge import aws

BATCH_GET_ITEM_KEYS = 100
"""Most keys of one BatchGetItem (DynamoDB API reference)."""

FEED_INDEX = "finished"
"""The outcomes by when they were sealed: partition key ``feed``, always "1"; sort key
``finished_at``, epoch seconds."""

PASSING_ERRORS = frozenset(
    {
        "InternalServerError",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "ThrottlingException",
    }
)
"""Error codes of DynamoDB which go away without anybody's doing."""


@dataclass
class Reading:
    """What one pass over the waiting runs brought.

    Attributes:
        found: outcome as JSON text by run id.
        launched: what runs without an outcome have become in AWS, as JSON text by run id.
        waiting: why runs without an outcome aren't launched yet, as JSON text by run id.
        unread: run ids that DynamoDB did not look up; they come first in the next pass.
        error: why the pass ended early, if it did.
    """

    found: dict[str, str] = field(default_factory=dict)
    launched: dict[str, str] = field(default_factory=dict)
    waiting: dict[str, str] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)
    error: Exception | None = None

    @property
    def answered(self) -> bool:
        """Whether DynamoDB itself refused, rather than that it couldn't be reached."""
        from botocore.exceptions import ClientError

        return isinstance(self.error, ClientError)

    @property
    def needs_mending(self) -> bool:
        """Whether somebody has to act: no permission, no such table, no such connection."""
        from botocore.exceptions import ClientError, ConnectionError, HTTPClientError

        if self.error is None or isinstance(self.error, ConnectionError | HTTPClientError):
            return False
        if isinstance(self.error, ClientError):
            return self.error.response.get("Error", {}).get("Code") not in PASSING_ERRORS
        return True


class NoFeed(Exception):
    """The index can't be queried: an older stack or policy, or the index is still being built."""


@dataclass(frozen=True, slots=True)
class OutcomesTable:
    """Address of an outcomes table (partition key ``run_id``; attribute ``outcome``, or before that
    ``launched`` and ``waiting``: the contract's ``Outcome``, ``Launched`` and ``Waiting`` as JSON
    text)."""

    name: str
    access: aws.AwsAccess


class OutcomesReader:
    """Reads outcomes with one boto3 client, in whichever one thread `read` is called."""

    def __init__(self, table: OutcomesTable) -> None:
        self.table = table
        self._client: Any = None

    @property
    def connected(self) -> bool:
        return self._client is not None

    def connect(self) -> None:
        """Make the client, for which Airflow is asked for the connection.

        Raises:
            AirflowNotFoundException, BotoCoreError, …: whatever the connection lacks.
        """
        self._client = aws.client(
            self.table.access,
            "dynamodb",
            connect_timeout=5,
            read_timeout=10,
            retries={"mode": "standard", "max_attempts": 2},
        )

    def disconnect(self) -> None:
        """Ask for the connection again next time: its credentials may have changed."""
        self._client = None

    def ended_since(self, finished_at: float) -> list[str]:
        """Ids of the runs whose outcomes were sealed after that moment, epoch seconds.

        Raises:
            NoFeed: there is no such index here, or it may not be queried.
            ClientError, BotoCoreError: it couldn't be queried this time.
        """
        from botocore.exceptions import ClientError

        try:
            return self._query(finished_at)
        except ClientError as error:
            # A missing index and one that is being built are both a ValidationException.
            if error.response.get("Error", {}).get("Code") in (
                "AccessDeniedException",
                "ValidationException",
            ):
                raise NoFeed(str(error)) from error
            raise

    def _query(self, finished_at: float) -> list[str]:
        ended: list[str] = []
        page: dict[str, Any] = {}
        while True:
            answer = self._client.query(
                TableName=self.table.name,
                IndexName=FEED_INDEX,
                KeyConditionExpression="#feed = :feed AND #finished_at > :after",
                ProjectionExpression="#run_id",
                ExpressionAttributeNames={
                    "#feed": "feed",
                    "#finished_at": "finished_at",
                    "#run_id": "run_id",
                },
                ExpressionAttributeValues={
                    ":feed": {"S": "1"},
                    ":after": {"N": f"{finished_at:.3f}"},
                },
                **page,
            )
            ended += [item["run_id"]["S"] for item in answer["Items"]]
            if not (last := answer.get("LastEvaluatedKey")):
                return ended
            page = {"ExclusiveStartKey": last}

    def read(self, run_ids: list[str]) -> Reading:
        """Look up each run once.

        Never raises: an error ends the pass, and what was found before it is kept.
        """
        reading = Reading()
        remaining = list(run_ids)
        try:
            while remaining:
                items, unprocessed = self._batch_get(remaining[:BATCH_GET_ITEM_KEYS])
                for item in items:
                    run_id = item["run_id"]["S"]
                    # Without a text, no JSON: that one run's trigger says so.
                    if "outcome" in item:
                        reading.found[run_id] = item["outcome"].get("S", "")
                        continue
                    if "launched" in item:
                        reading.launched[run_id] = item["launched"].get("S", "")
                    if "waiting" in item:
                        reading.waiting[run_id] = item["waiting"].get("S", "")
                reading.unread.extend(unprocessed)
                del remaining[:BATCH_GET_ITEM_KEYS]
        except Exception as error:
            reading.error = error
            reading.unread = [*remaining, *reading.unread]
        return reading

    def _batch_get(self, run_ids: list[str]) -> tuple[list[dict[str, Any]], list[str]]:
        answer = self._client.batch_get_item(
            RequestItems={
                self.table.name: {
                    "Keys": [{"run_id": {"S": run_id}} for run_id in run_ids],
                    "ProjectionExpression": "#run_id, #outcome, #launched, #waiting",
                    "ExpressionAttributeNames": {
                        "#run_id": "run_id",
                        "#outcome": "outcome",
                        "#launched": "launched",
                        "#waiting": "waiting",
                    },
                }
            }
        )
        items = answer.get("Responses", {}).get(self.table.name, [])
        unprocessed = answer.get("UnprocessedKeys", {}).get(self.table.name, {}).get("Keys", [])
        return items, [key["run_id"]["S"] for key in unprocessed]
