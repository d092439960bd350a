"""What the contract tests share: where things are, and a local cloud's clients."""

import json
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jetbridge_local.cloud import LocalCloud

HERE = Path(__file__).parent
ENVIRONMENTS = Path(sys.prefix).parent
RUNTIME_PYTHON = ENVIRONMENTS / "runtime" / "bin" / "python"
STACK = "probe"


def _document(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@dataclass(frozen=True)
class Aws:
    """Clients of a local cloud."""

    cloud: LocalCloud

    def client(self, service: str, **config: Any) -> Any:
        return self.cloud.client(service, "tester", retries={"total_max_attempts": 1}, **config)

    def role(self, name: str = "any") -> str:
        """The ARN of a role that Lambda and Scheduler may assume, and that may do everything."""
        iam = self.client("iam")
        trust = {
            "Effect": "Allow",
            "Principal": {"Service": ["lambda.amazonaws.com", "scheduler.amazonaws.com"]},
            "Action": "sts:AssumeRole",
        }
        everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
        with suppress(iam.exceptions.EntityAlreadyExistsException):
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=_document(trust))
            iam.put_role_policy(
                RoleName=name, PolicyName="all", PolicyDocument=_document(everything)
            )
        return str(iam.get_role(RoleName=name)["Role"]["Arn"])

    def invoke(self, function: str, event: Any, **parameters: Any) -> tuple[Any, str | None]:
        """A synchronous invocation's payload and X-Amz-Function-Error."""
        answer = self.client("lambda").invoke(
            FunctionName=function, Payload=json.dumps(event), **parameters
        )
        return json.loads(answer["Payload"].read() or b"null"), answer.get("FunctionError")

    def receive(
        self, queue: str, wanted: Callable[[list[Any]], bool], seconds: float = 120
    ) -> list[Any]:
        """Receive and delete messages until ``wanted`` accepts them; their decoded bodies."""
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
