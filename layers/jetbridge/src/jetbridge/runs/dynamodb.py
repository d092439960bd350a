"""The runs table in DynamoDB."""

from collections.abc import Iterator, Sequence

from jetbridge.aws.items import Item, mark, marshal, update
from jetbridge.runs.item import from_item, structured
from jetbridge.runs.port import UnreadableRow, Written
from jetbridge.runs.reports import Ending, StateChange
from jetbridge.runs.run import (
    Definition,
    Relaunch,
    Run,
    Status,
    Stop,
    Watcher,
)
from jetbridge.runs.table import RunsTable, may_be_run
from jetbridge.runs.unfinished import Unfinished, shard_of

# The sweeper looks at a run again this long after a stop request, because the request may be lost.
STOP_CHECK_SECONDS = 60

_NOT_ENDED = "#status <> :ended"
_ENDED = {":ended": Status.ENDED}
# Fields that belong to a launch, not to the run.
_OF_LAUNCH = (
    "#backend_id, #launched_at, #backend_status, #change_order, #first_attempt_at, #last_attempt_at"
)
_NOTE_TIME = "#launched_at = if_not_exists(#launched_at, :now)"


class DynamoRuns(RunsTable):
    """``Runs`` on one table: key ``run_id``, sparse index ``unfinished`` (``shard``, ``check_at``).

    A run is in the index until it is finished. ``check_at`` (epoch seconds) says when the sweeper
    looks at it: ``check_after_seconds`` after the run began or was last looked at, plus up to a
    tenth of that time. If the run's deadline is sooner, the sweeper looks then.
    """

    def create(self, run: Run) -> bool:
        try:
            self._client.put_item(**self._put_new(self._row_of(run)))
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def get(self, run_id: str) -> Run | None:
        if not may_be_run(run_id):
            return None
        answer = self._client.get_item(
            TableName=self._table, Key=marshal({"run_id": run_id}), ConsistentRead=True
        )
        return _run_in(answer.get("Item"))

    def begin_launch(self, run: Run, now: float, definition: Definition) -> Run | None:
        seen = run.last_attempt_at
        unchanged = "#last_attempt_at = :seen" if seen else "attribute_not_exists(#last_attempt_at)"
        return self._update(
            run.run_id,
            "SET #status = :launching, #last_attempt_at = :now, "
            "#first_attempt_at = if_not_exists(#first_attempt_at, :now), "
            "#definition = if_not_exists(#definition, :definition), "
            "#definition_arn = if_not_exists(#definition_arn, :arn)",
            "#launch = :launch AND #status IN (:accepted, :launching) "
            f"AND attribute_not_exists(#stop) AND {unchanged}",
            {
                ":launching": Status.LAUNCHING,
                ":accepted": Status.ACCEPTED,
                ":launch": run.launch,
                ":now": now,
                ":definition": structured(definition),
                ":arn": definition.arn,
            }
            | ({":seen": seen} if seen else {}),
        )

    def claim_first(self, run_id: str, launch: int, now: float, definition: Definition) -> Written:
        return self._write(
            run_id,
            "SET #status = :launching, #last_attempt_at = :now, #first_attempt_at = :now, "
            "#definition = :definition, #definition_arn = :arn",
            "#launch = :launch AND #status = :accepted AND attribute_not_exists(#stop) "
            "AND attribute_not_exists(#last_attempt_at) AND attribute_not_exists(#not_before) "
            "AND attribute_not_exists(#definition)",
            {
                ":launching": Status.LAUNCHING,
                ":accepted": Status.ACCEPTED,
                ":launch": launch,
                ":now": now,
                ":definition": structured(definition),
                ":arn": definition.arn,
            },
        )

    def take_back(self, before: Run, now: float) -> Run | None:
        condition = "#launch = :launch AND #status = :launching AND #last_attempt_at = :now"
        values: Item = {":launch": before.launch, ":launching": Status.LAUNCHING, ":now": now}
        values[":status"] = before.status
        change = "SET #status = :status REMOVE #first_attempt_at, #last_attempt_at"
        if before.last_attempt_at is not None:
            change = "SET #status = :status, #first_attempt_at = :first, #last_attempt_at = :last"
            values |= {":first": before.first_attempt_at, ":last": before.last_attempt_at}
        return self._update(before.run_id, change, condition, values)

    def launched(self, run_id: str, launch: int, backend_id: str) -> Run | None:
        return self._update(
            run_id,
            f"SET #backend_id = if_not_exists(#backend_id, :id), #status = :launched, {_NOTE_TIME}",
            f"#launch = :launch AND {_NOT_ENDED}",
            _ENDED
            | {
                ":id": backend_id,
                ":launched": Status.LAUNCHED,
                ":launch": launch,
                ":now": self._clock(),
            },
        )

    def apply(self, change: StateChange, relaunch: Relaunch | None = None) -> Written:
        condition = (
            "#launch = :launch AND #place = :place AND #definition_arn = :arn "
            f"AND {_NOT_ENDED} AND (attribute_not_exists(#backend_id) OR #backend_id = :id)"
        )
        values: Item = _ENDED | {
            ":launch": change.launch,
            ":place": change.place,
            ":arn": change.definition,
            ":id": change.backend_id,
        }
        if relaunch is not None:
            return self._relaunch(change.run_id, relaunch, condition, values)
        moved = (
            "SET #status = :status, #backend_id = :id, #backend_status = :backend_status, "
            f"#change_order = :order, {_NOTE_TIME}"
        )
        values |= {
            ":status": Status.LAUNCHED if change.ending is None else Status.ENDED,
            ":backend_status": change.status,
            ":order": change.order,
            ":now": self._clock(),
        }
        if change.ending is None:
            condition += " AND (attribute_not_exists(#change_order) OR #change_order < :order)"
        else:
            moved += ", #ending = :ending, #ended_at = :ended_at"
            values |= self._ended(change.ending)
        return self._write(change.run_id, moved, condition, values)

    def end(
        self, run_id: str, launch: int, ending: Ending, relaunch: Relaunch | None = None
    ) -> Run | None:
        condition = f"#launch = :launch AND {_NOT_ENDED}"
        values: Item = _ENDED | {":launch": launch}
        if relaunch is not None:
            written = self._relaunch(run_id, relaunch, condition, values)
            return written.row if written.changed else None
        return self._update(
            run_id,
            "SET #status = :ended, #ending = :ending, #ended_at = :ended_at",
            condition,
            values | self._ended(ending),
        )

    def _ended(self, ending: Ending) -> Item:
        return {":ending": structured(ending), ":ended_at": self._clock()}

    def _relaunch(self, run_id: str, relaunch: Relaunch, condition: str, values: Item) -> Written:
        return self._write(
            run_id,
            "SET #status = :accepted, #launch = :next, #not_before = :not_before, "
            f"#deaths = :deaths REMOVE {_OF_LAUNCH}",
            f"{condition} AND attribute_not_exists(#stop)",
            values
            | {
                ":accepted": Status.ACCEPTED,
                ":next": relaunch.launch,
                ":not_before": relaunch.not_before,
                ":deaths": structured(relaunch.deaths),
            },
        )

    def request_stop(self, run_id: str, stop: Stop, caller: str | None = None) -> Written:
        condition = f"attribute_exists(#request) AND {_NOT_ENDED}"
        values: Item = _ENDED | {
            ":stop": structured(stop),
            ":soon": self._clock() + STOP_CHECK_SECONDS,
        }
        if caller is not None:
            condition += " AND #caller = :caller"
            values[":caller"] = caller
        return self._write(
            run_id, "SET #stop = if_not_exists(#stop, :stop), #check_at = :soon", condition, values
        )

    def set_watchers(self, run: Run, watchers: Sequence[Watcher]) -> Written:
        unchanged = "#watchers = :before" if run.watchers else "attribute_not_exists(#watchers)"
        return self._write(
            run.run_id,
            "SET #watchers = :after",
            f"attribute_exists(#request) AND {_NOT_ENDED} AND {unchanged}",
            _ENDED
            | {":after": structured(watchers)}
            | ({":before": structured(run.watchers)} if run.watchers else {}),
        )

    def mark_finished(self, run_id: str) -> None:
        change = "SET #finished = :yes REMOVE #shard, #active"
        self._mark(run_id, change, "attribute_exists(#run_id)", {":yes": True})

    def due(self, now: float) -> Iterator[Run | UnreadableRow]:
        for item in Unfinished(self._client, self._table).due(now):
            try:
                yield from_item(item)
            except UnreadableRow as unreadable:
                yield unreadable

    def look_again(self, run_id: str, at: float) -> None:
        self._mark(
            run_id,
            "SET #check_at = :at, #expires_at = :expires_at, #shard = :shard REMOVE #active",
            "attribute_exists(#shard) OR attribute_exists(#active)",
            {":at": at, ":expires_at": int(at) + self._retention, ":shard": shard_of(run_id)},
        )

    def _update(self, run_id: str, change: str, condition: str, values: Item) -> Run | None:
        written = self._write(run_id, change, condition, values)
        return written.row if written.changed else None

    def _write(self, run_id: str, change: str, condition: str, values: Item) -> Written:
        if not may_be_run(run_id):
            return Written(False, None)
        key = {"run_id": run_id}
        changed, item = update(self._client, self._table, key, change, condition, values)
        return Written(changed, _run_in(item))

    def _mark(self, run_id: str, change: str, condition: str, values: Item) -> None:
        if not may_be_run(run_id):
            return
        mark(self._client, self._table, {"run_id": run_id}, change, condition, values)


def _run_in(item: Item | None) -> Run | None:
    return from_item(item) if item is not None else None
