"""What the contract tests share: where things are, and a local cloud's clients."""

import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from jetbridge_local.cloud import LocalCloud

HERE = Path(__file__).parent
ENVIRONMENTS = Path(sys.prefix).parent
RUNTIME_PYTHON = ENVIRONMENTS / "runtime" / "bin" / "python"
STACK = "probe"


@dataclass(frozen=True)
class Aws:
    """Clients of a local cloud."""

    cloud: LocalCloud

    def client(self, service: str, **config: Any) -> Any:
        settings = self.cloud.settings
        return boto3.client(
            service,
            endpoint_url=self.cloud.url,
            region_name=settings.region,
            aws_access_key_id="tester",
            aws_secret_access_key="local",
            config=Config(retries={"total_max_attempts": 1}, **config),
        )

    def invoke(self, function: str, event: Any, **parameters: Any) -> tuple[Any, str | None]:
        """A synchronous invocation's payload and X-Amz-Function-Error."""
        answer = self.client("lambda").invoke(
            FunctionName=function, Payload=json.dumps(event), **parameters
        )
        return json.loads(answer["Payload"].read() or b"null"), answer.get("FunctionError")

    def receive(
        self, queue: str, wanted: Callable[[list[Any]], bool], seconds: float = 15
    ) -> list[Any]:
        """Message bodies, decoded and deleted, until ``wanted`` is content with them."""
        sqs = self.client("sqs")
        bodies: list[Any] = []
        deadline = time.monotonic() + seconds
        while not wanted(bodies):
            assert time.monotonic() < deadline, f"after {seconds} s only: {bodies}"
            answer = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=1)
            for message in answer.get("Messages", []):
                bodies.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return bodies
