"""Many rows in the runs table, each a copy of a row that Jetbridge itself has written."""

import base64
import hashlib
import itertools
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from benchmarks.errors import BenchmarkFailed
from jetbridge_local.flood.starts import Starts
from jetbridge_local.site.stack import Stack

_WRITTEN_AT_ONCE = 25
_PATIENCE_SECONDS = 60
_RUN_ID_LENGTH = 20
# As many as jetbridge.runs.unfinished has.
_SHARDS = 16


@dataclass(frozen=True)
class Made:
    """A run of the benchmark's own: its id, and its task's ARN."""

    run_id: str
    task: str


def run_id(number: int) -> str:
    """The id of the n-th run, in the form of all run ids."""
    digest = hashlib.sha256(f"benchmark/{number}".encode()).digest()
    return base64.b32encode(digest).decode().lower()[:_RUN_ID_LENGTH]


class Rows:
    """Starts one run for real and copies its row, launched and not ended."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._table = stack.resources["RunsTable"][1]
        first = Starts(stack).one("first", 0)
        self.template = self._launched(first.run_id)
        self.stack_key = str(self._variables()["JETBRIDGE_STACK_KEY"])
        self.definition = str(self.template["definition_arn"]["S"])

    def write(
        self, made: Iterable[Made], check_at: Callable[[int], float], changes: dict[str, Any]
    ) -> None:
        """Write a row for each; ``changes`` are attributes in DynamoDB's notation."""
        now = time.time()
        client = self._stack.client("dynamodb")
        rows = (
            self.template
            | changes
            | {
                "run_id": {"S": each.run_id},
                "backend_id": {"S": each.task},
                "shard": {"S": f"{number % _SHARDS:x}"},
                "created_at": {"N": str(now - 60)},
                "check_at": {"N": str(check_at(number))},
            }
            for number, each in enumerate(made)
        )
        for some in itertools.batched(rows, _WRITTEN_AT_ONCE, strict=False):
            puts = [{"PutRequest": {"Item": row}} for row in some]
            answer = client.batch_write_item(RequestItems={self._table: puts})
            if answer.get("UnprocessedItems"):
                raise BenchmarkFailed("DynamoDB left rows unwritten")

    def due(self, now: float) -> int:
        """How many unfinished rows the sweeper is to look at."""
        pages = self._stack.client("dynamodb").get_paginator("scan")
        return sum(
            page["Count"]
            for page in pages.paginate(
                TableName=self._table,
                IndexName="unfinished",
                Select="COUNT",
                FilterExpression="check_at <= :now",
                ExpressionAttributeValues={":now": {"N": str(now)}},
            )
        )

    def delete_template(self) -> None:
        """Delete the real run, so that only the benchmark's own are left."""
        key = {"run_id": self.template["run_id"]}
        self._stack.client("dynamodb").delete_item(TableName=self._table, Key=key)

    def _launched(self, run: str) -> dict[str, Any]:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < deadline:
            answer = self._stack.client("dynamodb").get_item(
                TableName=self._table, Key={"run_id": {"S": run}}, ConsistentRead=True
            )
            row: dict[str, Any] = answer.get("Item", {})
            if row.get("status") == {"S": "launched"}:
                return row
            time.sleep(0.2)
        raise BenchmarkFailed(f"run {run} wasn't launched in {_PATIENCE_SECONDS} s: {row}")

    def _variables(self) -> dict[str, Any]:
        answer = self._stack.client("lambda").get_function_configuration(
            FunctionName=self._stack.functions["track_run"]
        )
        variables: dict[str, Any] = answer["Environment"]["Variables"]
        return variables
