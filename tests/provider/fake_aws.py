"""AWS as the provider's boto3 clients see it: the two operations it calls, with their faults."""

import json
import threading
from collections import deque
from collections.abc import Callable
from io import BytesIO
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError


def client_error(code: str, operation: str = "BatchGetItem") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "said by the test"}}, operation)


class FakeDynamoDB:
    """BatchGetItem with DynamoDB's rules: at most 100 keys, none twice, a bounded answer.

    ``faults`` are taken one per call: an exception to raise, or a function that picks the keys
    which this call leaves unprocessed.
    """

    def __init__(self) -> None:
        self.tables: dict[str, dict[str, str]] = {}
        self.faults: deque[Exception | Callable[[list[str]], list[str]]] = deque()
        self.calls: list[list[str]] = []
        self.threads: set[int] = set()

    def batch_get_item(self, *, RequestItems: dict[str, Any]) -> dict[str, Any]:
        ((table, request),) = RequestItems.items()
        keys = [key["run_id"]["S"] for key in request["Keys"]]
        self.threads.add(threading.get_ident())
        self.calls.append(keys)
        if not 1 <= len(keys) <= 100 or len(set(keys)) != len(keys):
            raise client_error("ValidationException")
        if table not in self.tables:
            raise client_error("ResourceNotFoundException")
        unprocessed: list[str] = []
        if self.faults:
            fault = self.faults.popleft()
            if isinstance(fault, Exception):
                raise fault
            unprocessed = fault(keys)
        rows = self.tables[table]
        answer: dict[str, Any] = {
            "Responses": {
                table: [
                    {"run_id": {"S": key}, "outcome": {"S": rows[key]}}
                    for key in keys
                    if key in rows and key not in unprocessed
                ]
            },
            "UnprocessedKeys": {},
        }
        if unprocessed:
            left = {**request, "Keys": [{"run_id": {"S": key}} for key in unprocessed]}
            answer["UnprocessedKeys"] = {table: left}
        return answer


class FakeLambda:
    """Invoke; ``answers`` are taken one per call: a payload, an exception or a function error."""

    meta = SimpleNamespace(region_name="eu-central-1")

    def __init__(self) -> None:
        self.answers: deque[Any] = deque()
        self.invocations: list[tuple[str, dict[str, Any]]] = []

    def invoke(self, *, FunctionName: str, InvocationType: str, Payload: bytes) -> dict[str, Any]:
        assert InvocationType == "RequestResponse"
        self.invocations.append((FunctionName, json.loads(Payload)))
        answer = self.answers.popleft()
        if isinstance(answer, BaseException):
            raise answer
        response: dict[str, Any] = {"StatusCode": 200}
        if "errorType" in answer:
            response["FunctionError"] = "Unhandled"
        return {**response, "Payload": BytesIO(json.dumps(answer).encode())}
