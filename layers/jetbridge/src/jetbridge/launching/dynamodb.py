"""Which run is the newest of an Airflow task instance, in the runs table.

A pointer item ``task#<hash of the task's key>`` names it. It is written in one transaction with
the run's row, so that no crash leaves one without the other.
"""

import hashlib

from jetbridge.aws.items import Item, marshal, transact
from jetbridge.launching.tries import attached, with_attachment
from jetbridge.runs.item import structured, to_item
from jetbridge.runs.run import Attachment, Run, Status
from jetbridge.runs.table import RunsTable


class DynamoTries(RunsTable):
    """``Tries`` on the runs table."""

    def newest(self, task_key: str) -> str | None:
        answer = self._client.get_item(
            TableName=self._table,
            Key=marshal({"run_id": _pointer_key(task_key)}),
            ConsistentRead=True,
        )
        return str(answer["Item"]["newest"]["S"]) if "Item" in answer else None

    def create(self, run: Run, task_key: str, seen: str | None) -> bool:
        pointer = {
            "run_id": _pointer_key(task_key),
            "newest": run.run_id,
            "expires_at": int(run.created_at) + self._retention,
        }
        unchanged: Item = {"ConditionExpression": "attribute_not_exists(run_id)"}
        if seen is not None:
            unchanged = {
                "ConditionExpression": "newest = :seen",
                "ExpressionAttributeValues": marshal({":seen": seen}),
            }
        row = self._put_new(self._row_of(run))
        newest = {"TableName": self._table, "Item": marshal(pointer)} | unchanged
        return transact(self._client, [{"Put": row}, {"Put": newest}])

    def attach(self, alias: Run, to: Run, attachment: Attachment) -> bool:
        row = to_item(attached(alias, to)) | {"expires_at": int(alias.created_at) + self._retention}
        condition = "attribute_not_exists(#stop) AND #status = :status"
        values: Item = {
            ":after": structured(with_attachment(to.attachments, attachment)),
            ":caller": attachment.caller.key,
            ":status": to.status,
        }
        if to.status is not Status.ENDED:
            condition = "attribute_not_exists(#stop) AND #status <> :status"
            values[":status"] = Status.ENDED
        if to.attachments:
            condition += " AND #attachments = :before"
            values[":before"] = structured(to.attachments)
        else:
            condition += " AND attribute_not_exists(#attachments)"
        update = {
            "TableName": self._table,
            "Key": marshal({"run_id": to.run_id}),
            "UpdateExpression": "SET #attachments = :after, #caller = :caller",
            "ConditionExpression": condition,
            "ExpressionAttributeNames": {
                f"#{name}": name for name in ("attachments", "caller", "status", "stop")
            },
            "ExpressionAttributeValues": marshal(values),
        }
        return transact(self._client, [{"Put": self._put_new(row)}, {"Update": update}])


def _pointer_key(task_key: str) -> str:
    return f"task#{hashlib.sha256(task_key.encode()).hexdigest()}"
