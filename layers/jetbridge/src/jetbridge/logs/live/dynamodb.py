"""Live logs in the runs table."""

import hashlib
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from jetbridge.aws.items import Item, mark, marshal, unmarshal
from jetbridge.logs.live.port import Progress
from jetbridge.logs.live.streams import LiveStream, Named

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KEPT_SECONDS = 30 * 24 * 3600


class DynamoLive:
    """``Live`` on items of the runs table: ``stream#<hash of group and stream>`` says which run a
    log stream belongs to, ``live#<run id>`` how far the run's pieces have come."""

    def __init__(
        self, client: "DynamoDBClient", table: str, clock: Callable[[], float] = time.time
    ) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    def note(self, named: Named) -> None:
        stream = named.stream
        self._set(
            _stream_key(named.group, named.name),
            "#run = :run, #launch = :launch, #container = :container, #attempt = :attempt",
            "attribute_not_exists(#run)",
            {
                ":run": stream.run_id,
                ":launch": stream.launch,
                ":container": stream.container,
                ":attempt": stream.attempt,
            },
        )

    def find(self, group: str, name: str) -> LiveStream | None:
        item = self._get(_stream_key(group, name))
        if item is None:
            return None
        return LiveStream(
            run_id=item["run"],
            launch=item["launch"],
            container=item["container"],
            attempt=item["attempt"],
        )

    def progress(self, run_id: str) -> Progress:
        item = self._get(_run_key(run_id)) or {}
        return Progress(item.get("sequence", 0), item.get("closed", False))

    def advance(self, run_id: str, sequence: int) -> None:
        self._set(
            _run_key(run_id),
            "#sequence = :sequence",
            "attribute_not_exists(#sequence) OR #sequence < :sequence",
            {":sequence": sequence},
        )

    def close(self, run_id: str) -> None:
        self._set(
            _run_key(run_id), "#closed = :yes", "attribute_not_exists(#closed)", {":yes": True}
        )

    def _set(self, key: Item, change: str, condition: str, values: Item) -> None:
        expires_at = int(self._clock()) + KEPT_SECONDS
        mark(
            self._client,
            self._table,
            key,
            f"SET {change}, #expires_at = :expires_at",
            condition,
            values | {":expires_at": expires_at},
        )

    def _get(self, key: Item) -> Item | None:
        answer = self._client.get_item(TableName=self._table, Key=marshal(key), ConsistentRead=True)
        return unmarshal(answer["Item"]) if "Item" in answer else None


def _stream_key(group: str, name: str) -> Item:
    # Neither name may have a colon in it (CloudWatch Logs API reference, CreateLogStream).
    return {"run_id": f"stream#{hashlib.sha256(f'{group}:{name}'.encode()).hexdigest()}"}


def _run_key(run_id: str) -> Item:
    return {"run_id": f"live#{run_id}"}
