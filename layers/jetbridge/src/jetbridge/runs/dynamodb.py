"""The runs table in DynamoDB."""

import time
from collections.abc import Callable
from typing import Any

from jetbridge.domain.run import Definition, Ending, Run, StateChange, Status, Stop
from jetbridge.dynamodb import Item, marshal, update
from jetbridge.runs.item import from_item, structured, to_item

ACTIVE_INDEX = "active"
_DAY_SECONDS = 24 * 3600

_NOT_ENDED = "#status <> :ended"
_ENDED = {":ended": Status.ENDED}


class DynamoRuns:
    """``Runs`` on one table: key ``run_id``, sparse index ``active`` (``active``, ``check_at``).

    A run is in the index until it is finished. ``check_at`` (epoch seconds) is when the sweeper
    is to look at it: ``check_after_seconds`` after it began, was last looked at or ended, or its
    deadline if that is sooner.
    """

    def __init__(
        self,
        client: Any,
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

    def create(self, run: Run) -> bool:
        check_at = self._clock() + self._check_after
        item = to_item(run) | {
            "active": "1",
            "place": run.place,
            "check_at": check_at if run.deadline is None else min(check_at, run.deadline),
            "expires_at": int(run.created_at) + self._retention,
        }
        try:
            self._client.put_item(
                TableName=self._table,
                Item=marshal(item),
                ConditionExpression="attribute_not_exists(run_id)",
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def get(self, run_id: str) -> Run | None:
        answer = self._client.get_item(
            TableName=self._table, Key=marshal({"run_id": run_id}), ConsistentRead=True
        )
        return from_item(answer["Item"]) if "Item" in answer else None

    def begin_launch(self, run: Run, now: float) -> Run | None:
        seen = run.last_attempt_at
        unchanged = "#last_attempt_at = :seen" if seen else "attribute_not_exists(#last_attempt_at)"
        return self._update(
            run.run_id,
            "SET #status = :launching, #last_attempt_at = :now, "
            "#first_attempt_at = if_not_exists(#first_attempt_at, :now)",
            "#launch = :launch AND #status IN (:accepted, :launching) "
            f"AND attribute_not_exists(#stop) AND {unchanged}",
            {
                ":launching": Status.LAUNCHING,
                ":accepted": Status.ACCEPTED,
                ":launch": run.launch,
                ":now": now,
            }
            | ({":seen": seen} if seen else {}),
        )

    def pin(self, run_id: str, launch: int, definition: Definition) -> Definition:
        run = self._update(
            run_id,
            "SET #definition = if_not_exists(#definition, :definition), "
            "#definition_arn = if_not_exists(#definition_arn, :arn)",
            "#launch = :launch",
            {":definition": structured(definition), ":arn": definition.arn, ":launch": launch},
        )
        return (run.definition if run else None) or definition

    def launched(self, run_id: str, launch: int, backend_id: str) -> Run | None:
        return self._update(
            run_id,
            "SET #backend_id = :id, #status = :launched",
            f"#launch = :launch AND {_NOT_ENDED}",
            _ENDED | {":id": backend_id, ":launched": Status.LAUNCHED, ":launch": launch},
        )

    def apply(self, change: StateChange) -> Run | None:
        moved = (
            "SET #status = :status, #backend_id = :id, #backend_status = :backend_status, "
            "#change_order = :order"
        )
        ended = {}
        if change.ending is not None:
            moved += ", #ending = :ending, #check_at = :check_at"
            ended = {
                ":ending": structured(change.ending),
                ":check_at": self._clock() + self._check_after,
            }
        return self._update(
            change.run_id,
            moved,
            "#launch = :launch AND #place = :place AND #definition_arn = :arn "
            f"AND {_NOT_ENDED} "
            "AND (attribute_not_exists(#change_order) OR #change_order < :order)",
            _ENDED
            | ended
            | {
                ":status": Status.ENDED if ended else Status.LAUNCHED,
                ":id": change.backend_id,
                ":backend_status": change.status,
                ":order": change.order,
                ":launch": change.launch,
                ":place": change.place,
                ":arn": change.definition,
            },
        )

    def end(self, run_id: str, launch: int, ending: Ending) -> Run | None:
        return self._update(
            run_id,
            "SET #status = :ended, #ending = :ending",
            f"#launch = :launch AND {_NOT_ENDED}",
            _ENDED | {":ending": structured(ending), ":launch": launch},
        )

    def request_stop(self, run_id: str, stop: Stop) -> Run | None:
        return self._update(
            run_id,
            "SET #stop = if_not_exists(#stop, :stop)",
            f"attribute_exists(#run_id) AND {_NOT_ENDED}",
            _ENDED | {":stop": structured(stop)},
        )

    def mark_handed_over(self, run_id: str) -> None:
        self._update(run_id, "SET #handed_over = :yes", "attribute_exists(#run_id)", {":yes": True})

    def mark_finished(self, run_id: str) -> None:
        self._update(
            run_id,
            "SET #finished = :yes REMOVE #active",
            "attribute_exists(#run_id)",
            {":yes": True},
        )

    def due(self, now: float, limit: int) -> list[Run]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName=ACTIVE_INDEX,
            KeyConditionExpression="active = :active AND check_at <= :now",
            ExpressionAttributeValues=marshal({":active": "1", ":now": now}),
            PaginationConfig={"MaxItems": limit},
        )
        return [from_item(item) for page in pages for item in page["Items"]]

    def look_again(self, run_id: str, at: float) -> None:
        self._update(run_id, "SET #check_at = :at", "attribute_exists(#active)", {":at": at})

    def _update(self, run_id: str, change: str, condition: str, values: Item) -> Run | None:
        item = update(self._client, self._table, {"run_id": run_id}, change, condition, values)
        return None if item is None else from_item(item)
