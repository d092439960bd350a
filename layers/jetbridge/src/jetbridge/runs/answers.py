"""Writes AWS's answer to a launch in DynamoDB: row and launched record in one transaction."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from jetbridge.aws.items import transact, update_of
from jetbridge.contract import Launched
from jetbridge.runs.run import Run, Status

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import UpdateTypeDef


class DynamoAnswers:
    """``Answers`` on the runs table; ``launched_update`` returns the write of ``put_launched``, as
    part of a transaction."""

    def __init__(
        self,
        client: "DynamoDBClient",
        runs_table: str,
        launched_update: Callable[[Launched, int], "UpdateTypeDef"],
    ) -> None:
        self._client = client
        self._table = runs_table
        self._launched_update = launched_update

    def put(self, launched: Run, record: Launched, order: int) -> bool:
        row = update_of(
            self._table,
            {"run_id": launched.run_id},
            "SET #status = :launched, #backend_id = :id, #launched_at = :at",
            "#launch = :launch AND #status = :launching AND #last_attempt_at = :claimed "
            "AND attribute_not_exists(#stop) AND attribute_not_exists(#backend_id)",
            {
                ":launched": Status.LAUNCHED,
                ":launching": Status.LAUNCHING,
                ":id": launched.backend_id,
                ":at": launched.launched_at,
                ":launch": launched.launch,
                ":claimed": launched.last_attempt_at,
            },
        )
        outcome = self._launched_update(record, order)
        return transact(self._client, [{"Update": row}, {"Update": outcome}])
