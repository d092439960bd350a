"""The runs table: which run is the newest one of an Airflow task instance.

A pointer item ``task#<hash of the task's key>`` names it. One transaction writes it together with
the run's row, so that no crash leaves one without the other.
"""

import hashlib
from typing import TYPE_CHECKING

from jetbridge.aws.items import Item, marshal, transact, update_of
from jetbridge.launching.tries import attached, with_attachment
from jetbridge.runs.item import structured, to_item
from jetbridge.runs.run import Attachment, Run, Status
from jetbridge.runs.table import RunsTable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import PutTypeDef


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
        newest: PutTypeDef = {
            "TableName": self._table,
            "Item": marshal(pointer),
            "ConditionExpression": "attribute_not_exists(run_id)",
        }
        if seen is not None:
            newest["ConditionExpression"] = "newest = :seen"
            newest["ExpressionAttributeValues"] = marshal({":seen": seen})
        row = self._put_new(self._row_of(run))
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
        change = "SET #attachments = :after, #caller = :caller"
        update = update_of(self._table, {"run_id": to.run_id}, change, condition, values)
        return transact(self._client, [{"Put": self._put_new(row)}, {"Update": update}])


def _pointer_key(task_key: str) -> str:
    return f"task#{hashlib.sha256(task_key.encode()).hexdigest()}"
