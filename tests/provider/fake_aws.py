"""AWS as the provider's boto3 clients see it: the operations it calls, with their faults."""

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
    """BatchGetItem with DynamoDB's rules: at most 100 keys, none twice, a bounded answer; and
    Query of the index ``finished``, in pages.

    ``faults`` are taken one per BatchGetItem: an exception to raise, or a function that picks the
    keys which this call leaves unprocessed; ``query_faults`` one per Query: an exception.
    ``index`` has ``finished_at`` by run id, for one table; without one there is no such index.
    ``launched`` and ``waiting`` have the records of those by run id, which an outcome replaces.
    """

    PAGE = 40

    def __init__(self) -> None:
        self.tables: dict[str, dict[str, str]] = {}
        self.launched: dict[str, str] = {}
        self.waiting: dict[str, str] = {}
        self.faults: deque[Exception | Callable[[list[str]], list[str]]] = deque()
        self.calls: list[list[str]] = []
        self.threads: set[int] = set()
        self.index: dict[str, float] | None = None
        self.query_faults: deque[Exception] = deque()
        self.queries: list[float] = []

    def query(self, **request: Any) -> dict[str, Any]:
        self.threads.add(threading.get_ident())
        values = request["ExpressionAttributeValues"]
        after = float(values[":after"]["N"])
        self.queries.append(after)
        assert request["IndexName"] == "finished"
        assert request["KeyConditionExpression"] == "#feed = :feed AND #finished_at > :after"
        assert values[":feed"] == {"S": "1"}
        if request["TableName"] not in self.tables:
            raise client_error("ResourceNotFoundException", "Query")
        if self.index is None:
            raise client_error("ValidationException", "Query")
        if self.query_faults:
            raise self.query_faults.popleft()
        start = request.get("ExclusiveStartKey", {"at": after, "run_id": ""})
        begin = (start["at"], start["run_id"])
        entries = sorted((at, run_id) for run_id, at in self.index.items() if at > after)
        left = [entry for entry in entries if entry > begin]
        page = left[: self.PAGE]
        answer: dict[str, Any] = {"Items": [{"run_id": {"S": run_id}} for _, run_id in page]}
        if len(left) > len(page):
            answer["LastEvaluatedKey"] = dict(zip(("at", "run_id"), page[-1], strict=True))
        return answer

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
                    item
                    for key in keys
                    if key not in unprocessed and (item := self._item(rows, key)) is not None
                ]
            },
            "UnprocessedKeys": {},
        }
        if unprocessed:
            left = {**request, "Keys": [{"run_id": {"S": key}} for key in unprocessed]}
            answer["UnprocessedKeys"] = {table: left}
        return answer

    def _item(self, rows: dict[str, str], key: str) -> dict[str, Any] | None:
        if key in rows:
            return {"run_id": {"S": key}, "outcome": {"S": rows[key]}}
        standing = {
            name: {"S": records[key]}
            for name, records in (("launched", self.launched), ("waiting", self.waiting))
            if key in records
        }
        return {"run_id": {"S": key}, **standing} if standing else None


ANSWER = {
    "run_id": "01k8run",
    "duplicate": False,
    "outcomes_table": "outcomes",
    "stop_function": "jetbridge-stop-run",
    "region": "eu-west-1",
}
"""What start_run answers."""


class FakeLambda:
    """Invoke; ``answers`` are taken one per call: a payload, an exception or a function error."""

    meta = SimpleNamespace(region_name="eu-central-1")

    def __init__(self) -> None:
        self.answers: deque[Any] = deque()
        self.invocations: list[tuple[str, dict[str, Any]]] = []
        self.aliases: list[str] = []

    def invoke(
        self, *, FunctionName: str, InvocationType: str, Payload: bytes, Qualifier: str = ""
    ) -> dict[str, Any]:
        assert InvocationType == "RequestResponse"
        self.invocations.append((FunctionName, json.loads(Payload)))
        self.aliases.append(Qualifier)
        answer = self.answers.popleft()
        if isinstance(answer, BaseException):
            raise answer
        response: dict[str, Any] = {"StatusCode": 200}
        if "errorType" in answer:
            response["FunctionError"] = "Unhandled"
        return {**response, "Payload": BytesIO(json.dumps(answer).encode())}
