"""Reads the two tables of a stack."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from jetbridge.aws.batches import batches
from jetbridge.aws.items import marshal
from jetbridge.outcomes.dynamodb import FEED, FEED_INDEX
from jetbridge.runs.unfinished import Unfinished
from jetbridge_cli.aws import Aws
from jetbridge_cli.operate.record import Record, record_of
from jetbridge_cli.problems import Problem
from jetbridge_cli.stack import Stack

_TABLE = "AWS::DynamoDB::Table"
# BatchGetItem takes 100 keys (API reference).
_ROWS_AT_ONCE = 100
_KEY_BYTES = 2048
# The pauses take 12.75 s together.
_PAUSES = tuple(0.05 * 2**number for number in range(8))
# Later than any time at which a run is due.
_END_OF_TIME = 10.0**11

Item = dict[str, Any]


@dataclass(frozen=True)
class Cursor:
    """A position in the history: after this run and its end time (epoch seconds)."""

    finished_at: str
    run_id: str

    def __str__(self) -> str:
        return f"{self.finished_at}/{self.run_id}"

    @classmethod
    def parsed(cls, text: str) -> "Cursor":
        """Raises: Problem"""
        finished_at, slash, run_id = text.partition("/")
        try:
            float(finished_at)
        except ValueError:
            slash = ""
        if not slash or not run_id:
            raise Problem(
                f"--next: {text!r} isn't one: give the value that the previous page printed"
            )
        return cls(finished_at, run_id)


@dataclass(frozen=True)
class Tables:
    """Attributes:
    runs: the physical name of the runs table, whose rows stay 30 days.
    outcomes: the physical name of the outcomes table, whose items stay 14 days.
    """

    aws: Aws
    runs: str
    outcomes: str
    sleep: Callable[[float], None] = time.sleep

    @classmethod
    def of(cls, stack: Stack) -> "Tables":
        """Raises: Problem"""
        tables = stack.resources.get(_TABLE, {})
        missing = [name for name in ("RunsTable", "OutcomesTable") if name not in tables]
        if missing:
            raise Problem(
                f"--stack: {stack.name!r} has no {' and no '.join(missing)}: is it a "
                "Jetbridge stack?"
            )
        return cls(stack.aws, tables["RunsTable"], tables["OutcomesTable"])

    def get(self, run_id: str) -> Record | None:
        """A run from both tables. None if neither has it, or if the text can't be a key (developer
        guide of DynamoDB, "Quotas", partition key)."""
        if not 0 < len(run_id.encode(errors="replace")) <= _KEY_BYTES:
            return None
        return next(self.records([run_id], consistent=True), None)

    def records(self, run_ids: Iterable[str], *, consistent: bool = False) -> Iterator[Record]:
        """Runs from both tables, in this order. Missing runs are left out."""
        for some in batches(run_ids, _ROWS_AT_ONCE):
            rows = self._items(self.runs, some, consistent)
            outcomes = self._items(self.outcomes, some, consistent)
            for run_id in some:
                if run_id in rows or run_id in outcomes:
                    yield record_of(run_id, rows.get(run_id, {}), outcomes.get(run_id, {}))

    def unfinished(self) -> list[Record]:
        """Runs whose outcome isn't delivered yet, from the sweeper's index."""
        rows = list(Unfinished(self.aws.dynamodb, self.runs).due(_END_OF_TIME))
        by_id = {row["run_id"]["S"]: row for row in rows}
        outcomes: dict[str, Item] = {}
        for some in batches(by_id, _ROWS_AT_ONCE):
            outcomes |= self._items(self.outcomes, some)
        return [record_of(run_id, row, outcomes.get(run_id, {})) for run_id, row in by_id.items()]

    def newest_ids(self) -> Iterator[str]:
        """Ids of runs in progress and of the newest ended runs, a hundred of each."""
        yield from (each.run_id for each in islice(self.unfinished(), _ROWS_AT_ONCE))
        page = next(self._pages(0, _END_OF_TIME, oldest_first=False, behind=None))
        yield from (str(key["run_id"]["S"]) for key in page["Items"])

    def finished(
        self,
        since: float = 0,
        until: float = _END_OF_TIME,
        *,
        oldest_first: bool = False,
        behind: Cursor | None = None,
        rows: bool = False,
    ) -> Iterator[tuple[Cursor, Record]]:
        """Runs whose outcome was sealed in this period (epoch seconds), newest first.

        They come from the index that Airflow's triggerers read, so the history needs no extra
        write. With ``rows``, each record also has the run's row, while it exists.
        """
        for page in self._pages(since, until, oldest_first, behind):
            keys = {key["run_id"]["S"]: key for key in page["Items"]}
            for some in batches(keys, _ROWS_AT_ONCE):
                outcomes = self._items(self.outcomes, some)
                of_runs = self._items(self.runs, some) if rows else {}
                for run_id in some:
                    if run_id in outcomes:
                        cursor = Cursor(keys[run_id]["finished_at"]["N"], run_id)
                        yield cursor, record_of(run_id, of_runs.get(run_id, {}), outcomes[run_id])

    def _pages(
        self, since: float, until: float, oldest_first: bool, behind: Cursor | None
    ) -> Iterator[Any]:
        start: dict[str, Any] = {}
        if behind is not None:
            start["ExclusiveStartKey"] = {
                "run_id": {"S": behind.run_id},
                "feed": {"S": FEED},
                "finished_at": {"N": behind.finished_at},
            }
        while True:
            page = self.aws.dynamodb.query(
                TableName=self.outcomes,
                IndexName=FEED_INDEX,
                KeyConditionExpression="feed = :feed AND finished_at BETWEEN :since AND :until",
                ExpressionAttributeValues=marshal(
                    {":feed": FEED, ":since": since, ":until": until}
                ),
                ScanIndexForward=oldest_first,
                Limit=_ROWS_AT_ONCE,
                **start,
            )
            yield page
            if "LastEvaluatedKey" not in page:
                return
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def _items(
        self, table: str, run_ids: Iterable[str], consistent: bool = False
    ) -> Mapping[str, Item]:
        """Items by run id. Raises Problem if DynamoDB repeatedly leaves some out."""
        asked: Any = {
            table: {
                "Keys": [marshal({"run_id": run_id}) for run_id in run_ids],
                "ConsistentRead": consistent,
            }
        }
        found: dict[str, Item] = {}
        for pause in (*_PAUSES, None):
            answer = self.aws.dynamodb.batch_get_item(RequestItems=asked)
            for item in answer["Responses"].get(table, []):
                found[str(item["run_id"]["S"])] = dict(item)
            asked = answer.get("UnprocessedKeys")
            if not asked:
                return found
            if pause is not None:
                self.sleep(pause)
        raise Problem(f"DynamoDB keeps leaving out rows of {table}: is the table throttled?")
