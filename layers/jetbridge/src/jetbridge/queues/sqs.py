"""SQS queues."""

import json
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from jetbridge.aws.records import presentable
from jetbridge.contract import to_builtins
from jetbridge.queues.messages import MESSAGE_ID, REASON

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

M = TypeVar("M")


def body_of(message: Any) -> str:
    """A message as the queue carries it: JSON in ASCII, since SQS refuses some characters, such as
    U+FFFE (API reference of SendMessage)."""
    return json.dumps(to_builtins(message))


class SqsQueue(Generic[M]):
    """``Queue`` on one standard SQS queue."""

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    def send(self, message: M, delay_seconds: int = 0, group: str = "") -> None:
        self._client.send_message(
            QueueUrl=self._url,
            MessageBody=body_of(message),
            DelaySeconds=delay_seconds,
            **_in_group(group),
        )

    def give_up(self, body: str, reason: str, message_id: str, group: str = "") -> None:
        """Move a message that can never succeed to the dead-letter queue, with its body unchanged
        and the reason as attributes.

        Raises: ClientError: SQS doesn't accept it, for example because its body is empty.
        """
        attributes = {REASON: presentable(reason), MESSAGE_ID: presentable(message_id)}
        self._client.send_message(
            QueueUrl=self._url,
            # UTF-8, as SQS uses: a body that came from SQS stays unchanged.
            MessageBody=body.encode(errors="replace").decode(),
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value}
                for name, value in attributes.items()
                if value
            },
            **_in_group(group),
        )

    def return_later(self, receipt_handle: str, delay_seconds: int) -> None:
        """Make a received message visible again after a delay."""
        self._client.change_message_visibility(
            QueueUrl=self._url, ReceiptHandle=receipt_handle, VisibilityTimeout=delay_seconds
        )


def _in_group(group: str) -> dict[str, Any]:
    return {"MessageGroupId": group} if group else {}
