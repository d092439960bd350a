"""Finished runs as the outcomes table has them."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jetbridge_local.waiting import looks


@dataclass(frozen=True)
class Finished:
    """One sealed outcome. Times are epoch seconds."""

    outcome: dict[str, Any]

    @property
    def run_id(self) -> str:
        return str(self.outcome["run_id"])

    @property
    def caller(self) -> dict[str, Any]:
        caller: dict[str, Any] = self.outcome["caller"]
        return caller

    @property
    def names(self) -> list[str]:
        """The names by which a call could mention it: run id (in its launch's name), task or job,
        streams."""
        streams = [stream["stream"] for stream in self.outcome.get("log_streams", [])]
        return [self.run_id, str(self.outcome["backend_id"]), *streams]

    @property
    def started_at(self) -> float:
        return _epoch(self.outcome["started_at"])

    @property
    def stopped_at(self) -> float:
        return _epoch(self.outcome["stopped_at"])


class OutcomesTable:
    """Reads the outcomes table with a boto3 DynamoDB client."""

    def __init__(self, client: Any, table: str) -> None:
        self._client = client
        self._table = table

    def all(self) -> list[Finished]:
        """The outcomes of all runs that have ended."""
        pages = self._client.get_paginator("scan").paginate(TableName=self._table)
        return [
            Finished(json.loads(item["outcome"]["S"]))
            for page in pages
            for item in page["Items"]
            if "outcome" in item
        ]

    def wait(self, wanted: Callable[[Finished], bool], timeout: float) -> Finished:
        """The first outcome that is wanted.

        Raises:
            TimeoutError: none came within ``timeout`` seconds.
        """
        for _ in looks(timeout, pause=0.5):
            for finished in self.all():
                if wanted(finished):
                    return finished
        raise TimeoutError(f"no such outcome within {timeout:.0f} s")


def _epoch(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()
