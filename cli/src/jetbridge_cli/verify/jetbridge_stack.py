"""A deployed stack of Jetbridge, seen from its callers."""

import json
import threading
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from jetbridge.contract import (
    Kind,
    Launched,
    Outcome,
    StartAnswer,
    StartRequest,
    StopAnswer,
    StopRequest,
    decode,
    encode,
    kind_of,
)
from jetbridge_cli.aws import Aws
from jetbridge_cli.verify.patience import Patience

T = TypeVar("T")

# A new account has ten concurrent executions for all functions together (AWS Lambda developer
# guide, "Lambda quotas"). The other functions need some of them.
_AT_ONCE = threading.BoundedSemaphore(4)


class Refused(Exception):
    """A function of Jetbridge raised an error. The text has Lambda's errorType and errorMessage."""


@dataclass(frozen=True)
class JetbridgeStack:
    aws: Aws
    name: str

    @cached_property
    def outputs(self) -> dict[str, str]:
        stack = self.aws.cloudformation.describe_stacks(StackName=self.name)["Stacks"][0]
        outputs = stack.get("Outputs", [])
        return {each.get("OutputKey", ""): each.get("OutputValue", "") for each in outputs}

    def start(self, request: StartRequest) -> StartAnswer:
        """Start a run through the alias for the caller's kind. Raises Refused."""
        return self._invoke("start-run", kind_of(request.caller), encode(request), StartAnswer)

    def start_later(self, request: StartRequest) -> None:
        """Start a run asynchronously, as EventBridge does. There is no answer."""
        self.aws.functions.invoke(
            FunctionName=f"{self.name}-start-run",
            Qualifier=kind_of(request.caller),
            InvocationType="Event",
            Payload=encode(request),
        )

    def stop(self, run_id: str, reason: str, alias: Kind = "person") -> StopAnswer:
        """Stop runs through the alias for a kind of caller. Raises Refused."""
        request = StopRequest(run_ids=[run_id], reason=reason, by="jetbridge verify")
        return self._invoke("stop-run", alias, encode(request), StopAnswer)

    def outcome(self, run_id: str, patience: Patience) -> Outcome:
        """Wait for the sealed outcome. Raises Late, Interrupted."""
        return patience.until(lambda: self.sealed(run_id), f"the outcome of {run_id}")

    def sealed(self, run_id: str) -> Outcome | None:
        text = self._item(run_id).get("outcome")
        return None if text is None else decode(Outcome, text)

    def running(self, run_id: str, patience: Patience) -> Launched:
        """Wait until the run's container is running, and return the launch. Raises Late,
        Interrupted."""

        def look() -> Launched | None:
            launched = self.launched(run_id)
            return launched if launched is not None and launched.started_at else None

        return patience.until(look, f"a running container of {run_id}")

    def launched(self, run_id: str) -> Launched | None:
        """The launched record. None before the launch, and after the outcome is sealed."""
        text = self._item(run_id).get("launched")
        return None if text is None else decode(Launched, text)

    def started_by(self, text: str) -> str | None:
        """The id of a run with this text in its request. None if there is none yet."""
        pages = self.aws.dynamodb.get_paginator("scan").paginate(
            TableName=self.outputs["RunsTableName"],
            FilterExpression="contains(#request, :text)",
            ExpressionAttributeNames={"#request": "request"},
            ExpressionAttributeValues={":text": {"S": text}},
            ProjectionExpression="run_id",
        )
        for page in pages:
            for item in page["Items"]:
                return item["run_id"]["S"]
        return None

    def outcome_ids(self) -> set[str]:
        """All run ids in the outcomes table."""
        pages = self.aws.dynamodb.get_paginator("scan").paginate(
            TableName=self.outputs["OutcomesTableName"], ProjectionExpression="run_id"
        )
        return {item["run_id"]["S"] for page in pages for item in page["Items"]}

    def _item(self, run_id: str) -> dict[str, str]:
        answer = self.aws.dynamodb.get_item(
            TableName=self.outputs["OutcomesTableName"],
            Key={"run_id": {"S": run_id}},
            ConsistentRead=True,
        )
        return {name: value["S"] for name, value in answer.get("Item", {}).items() if "S" in value}

    def _invoke(self, function: str, alias: str, payload: str, kind: type[T]) -> T:
        with _AT_ONCE:
            answer = self.aws.functions.invoke(
                FunctionName=f"{self.name}-{function}", Qualifier=alias, Payload=payload
            )
            text = answer["Payload"].read()
        if "FunctionError" in answer:
            error = json.loads(text)
            raise Refused(f"{function}: {error.get('errorType')}: {error.get('errorMessage')}")
        return decode(kind, text)
