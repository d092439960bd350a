"""Reads the outcomes table in batches, and its index of recently ended runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from airflow_provider_jetbridge import aws

BATCH_GET_ITEM_KEYS = 100
"""The most keys in one BatchGetItem (DynamoDB API reference)."""

FEED_INDEX = "finished"
"""The index of outcomes by the time when they were sealed. Partition key: ``feed``, always "1".
Sort key: ``finished_at``, epoch seconds."""

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
"""DynamoDB's error codes for temporary problems."""


class News(NamedTuple):
    """News about one run, as JSON text: its ``Waiting`` or ``Launched`` record, or its ``Outcome``.
    The outcome is the last news."""

    kind: Literal["waiting", "launched", "outcome"]
    text: str


@dataclass
class Reading:
    """The result of one pass over the waiting runs.

    Attributes:
        news: what the table has about each run, by run id. If it has the outcome, that is all.
            Otherwise there may be a record of why the run isn't launched yet, and then one of its
            launch.
        unread: run ids that DynamoDB did not look up. They come first in the next pass.
        error: why the pass ended early, if it did.
    """

    news: dict[str, list[News]] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)
    error: Exception | None = None

    @property
    def ended(self) -> set[str]:
        """Ids of the runs that have an outcome."""
        return {
            run_id
            for run_id, news in self.news.items()
            if any(each.kind == "outcome" for each in news)
        }

    @property
    def answered(self) -> bool:
        """Whether DynamoDB answered with an error. False if it couldn't be reached."""
        from botocore.exceptions import ClientError

        return isinstance(self.error, ClientError)

    @property
    def needs_a_person(self) -> bool:
        """Whether a person has to act: a permission, the table or the connection is missing."""
        from botocore.exceptions import ClientError, ConnectionError, HTTPClientError

        if self.error is None or isinstance(self.error, ConnectionError | HTTPClientError):
            return False
        if isinstance(self.error, ClientError):
            return self.error.response.get("Error", {}).get("Code") not in PASSING_ERRORS
        return True


class NoFeed(Exception):
    """The index can't be queried. The stack or policy is older, or DynamoDB is still building the
    index."""


@dataclass(frozen=True, slots=True)
class OutcomesTable:
    """Address of an outcomes table.

    Its partition key is ``run_id``. The attribute ``outcome``, and before it ``launched`` and
    ``waiting``, have the contract's ``Outcome``, ``Launched`` and ``Waiting`` as JSON text.
    """

    name: str
    access: aws.AwsAccess


class OutcomesReader:
    """Reads outcomes with one boto3 client. Only one thread at a time may call `read`."""

    def __init__(self, table: OutcomesTable) -> None:
        self.table = table
        self._client: Any = None

    @property
    def connected(self) -> bool:
        return self._client is not None

    def connect(self) -> None:
        """Make the client. This reads the connection from Airflow.

        Raises:
            AirflowNotFoundException, BotoCoreError, …: the connection is missing or incomplete.
        """
        self._client = aws.client(
            self.table.access,
            "dynamodb",
            connect_timeout=5,
            read_timeout=10,
            retries={"mode": "standard", "max_attempts": 2},
        )

    def disconnect(self) -> None:
        """Read the connection again next time, because its credentials may have changed."""
        self._client = None

    def ended_since(self, finished_at: float) -> list[str]:
        """Ids of the runs whose outcomes were sealed after this time (epoch seconds).

        Raises:
            NoFeed: the index doesn't exist, or IAM denies the query.
            ClientError, BotoCoreError: this query failed.
        """
        from botocore.exceptions import ClientError

        try:
            return self._query(finished_at)
        except ClientError as error:
            # DynamoDB answers ValidationException if the index is missing or still being built.
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

        Never raises. An error ends the pass, and the results so far are kept.
        """
        reading = Reading()
        remaining = list(run_ids)
        try:
            while remaining:
                items, unprocessed = self._batch_get(remaining[:BATCH_GET_ITEM_KEYS])
                for item in items:
                    reading.news[item["run_id"]["S"]] = _news_in(item)
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


def _news_in(item: dict[str, Any]) -> list[News]:
    # An empty text isn't JSON, so this run's trigger reports the problem.
    if "outcome" in item:
        return [News("outcome", item["outcome"].get("S", ""))]
    return [News(kind, item[kind].get("S", "")) for kind in ("waiting", "launched") if kind in item]
