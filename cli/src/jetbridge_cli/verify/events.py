"""Receives the events of ECS, AWS Batch and Jetbridge, to measure AWS's own delays."""

import json
import threading
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from jetbridge_cli.aws import Aws
from jetbridge_cli.verify.clock import epoch


@dataclass(frozen=True)
class End:
    """The end of a task or job. All times are AWS's, in epoch seconds.

    Attributes:
        stopped: when the container had ended.
        put: the event's own time. EventBridge gives it in whole seconds.
        delivered: when EventBridge put it into the queue.
    """

    stopped: float
    put: float
    delivered: float


@dataclass
class Events:
    """Reads the queue of the verification's events in its own thread. A context manager."""

    aws: Aws
    url: str
    ends: dict[str, End] = field(default_factory=dict)
    """By task ARN or job id."""
    announced: dict[str, float] = field(default_factory=dict)
    """When the event "Jetbridge Run Finished" was delivered, by run id."""
    _over: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> "Events":
        self._thread = threading.Thread(target=self._read, name="events", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    def _read(self) -> None:
        while not self._over.is_set():
            try:
                self._read_some()
            except (BotoCoreError, ClientError):
                # The recorder has noted the error.
                self._over.wait(1)

    def _read_some(self) -> None:
        answer = self.aws.sqs.receive_message(
            QueueUrl=self.url,
            MaxNumberOfMessages=10,
            WaitTimeSeconds=1,
            MessageSystemAttributeNames=["SentTimestamp"],
        )
        for message in answer.get("Messages", []):
            delivered = float(message.get("Attributes", {})["SentTimestamp"]) / 1000
            self.take(json.loads(message["Body"]), delivered)
            self.aws.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])

    def take(self, event: dict[str, Any], delivered: float) -> None:
        """Take one event. A repeated event changes nothing."""
        detail = event["detail"]
        if event["source"] == "jetbridge":
            self.announced.setdefault(detail["run_id"], delivered)
            return
        backend_id = detail.get("taskArn") or detail.get("jobId")
        stopped = _epoch(detail.get("executionStoppedAt") or detail.get("stoppedAt"))
        put = _epoch(event["time"])
        if backend_id and stopped and put:
            self.ends.setdefault(backend_id, End(stopped, put, delivered))


def _epoch(moment: Any) -> float | None:
    """Epoch seconds. ECS gives ISO 8601, and Batch gives epoch milliseconds."""
    if isinstance(moment, int | float):
        return moment / 1000
    return epoch(moment) if isinstance(moment, str) else None
