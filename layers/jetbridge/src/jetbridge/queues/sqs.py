"""SQS queues."""

import json
from typing import Any


class SqsQueue:
    """``Queue`` on one standard SQS queue."""

    def __init__(self, client: Any, url: str) -> None:
        self._client = client
        self._url = url

    def send(self, message: dict[str, Any], delay_seconds: int = 0, group: str = "") -> None:
        self._client.send_message(
            QueueUrl=self._url,
            MessageBody=json.dumps(message),
            DelaySeconds=delay_seconds,
            **({"MessageGroupId": group} if group else {}),
        )

    def return_later(self, receipt_handle: str, delay_seconds: int) -> None:
        """Let a message that was received become visible again after a delay."""
        self._client.change_message_visibility(
            QueueUrl=self._url, ReceiptHandle=receipt_handle, VisibilityTimeout=delay_seconds
        )
