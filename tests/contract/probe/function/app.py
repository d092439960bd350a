"""A function that does what its event says: for the contract tests of the local cloud."""

import json
import os
import sys
import time
import urllib.request
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import probe_layer


def handler(event: dict[str, Any], context: Any) -> Any:
    if "Records" in event:
        return _work(event["Records"])
    return _ACTIONS[event.get("do", "echo")](event, context)


def _describe(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return {
        "environment": dict(os.environ),
        "layer": probe_layer.GREETING,
        "folder": os.getcwd(),
        "remaining_ms": context.get_remaining_time_in_millis(),
        "arn": context.invoked_function_arn,
        "request_id": context.aws_request_id,
        "memory": context.memory_limit_in_mb,
        "modules": {name: _can_import(name) for name in ("boto3", "ministack", "awslambdaric")},
        "python": list(sys.version_info[:2]),
        "pid": os.getpid(),
    }


def _can_import(name: str) -> bool:
    from importlib.util import find_spec

    return find_spec(name) is not None


def _work(records: list[dict[str, Any]]) -> dict[str, Any]:
    failures = []
    for record in records:
        body = json.loads(record["body"])
        time.sleep(body.get("sleep", 0))
        if body.get("fail"):
            failures.append({"itemIdentifier": record["messageId"]})
        else:
            count = int(record["attributes"]["ApproximateReceiveCount"])
            _send(os.environ["RESULT_QUEUE"], {"body": body, "received": count, "at": time.time()})
            if body.get("around", 0) > body.get("n", 0):
                _send(os.environ["WORK_QUEUE"], body | {"n": body["n"] + 1})
    return {"batchItemFailures": failures}


def _send(queue: str, message: dict[str, Any]) -> None:
    """An SQS request without boto3: the emulator checks no signature."""
    credential = f"{os.environ['AWS_ACCESS_KEY_ID']}/20260101/{os.environ['AWS_REGION']}/sqs"
    request = urllib.request.Request(
        os.environ["AWS_ENDPOINT_URL"],
        json.dumps({"QueueUrl": queue, "MessageBody": json.dumps(message)}).encode(),
        _trace_header()
        | {
            "X-Amz-Target": "AmazonSQS.SendMessage",
            "Content-Type": "application/x-amz-json-1.0",
            "User-Agent": f"Boto3/1 app/{os.environ['AWS_SDK_UA_APP_ID']}",
            "Authorization": f"AWS4-HMAC-SHA256 Credential={credential}/aws4_request,"
            " SignedHeaders=host, Signature=0",
        },
    )
    urllib.request.urlopen(request, timeout=10).read()


def _trace_header() -> dict[str, str]:
    """As botocore adds it to each request (handlers.add_recursion_detection_header)."""
    header = os.environ.get("_X_AMZN_TRACE_ID")
    return {"X-Amzn-Trace-Id": quote(header, safe="-=;:+&[]{}\"',")} if header else {}


def _sleep(event: dict[str, Any], context: Any) -> str:
    print("going to sleep")
    time.sleep(event["seconds"])
    return "slept"


def _fork(event: dict[str, Any], context: Any) -> int:
    import subprocess

    child = subprocess.Popen(["sleep", "300"])
    time.sleep(event["seconds"])
    return child.pid


_ACTIONS: dict[str, Callable[[dict[str, Any], Any], Any]] = {
    "echo": lambda event, context: event,
    "describe": _describe,
    "fail": lambda event, context: event["missing"],
    "exit": lambda event, context: os._exit(event["code"]),
    "sleep": _sleep,
    "fork": _fork,
    "print": lambda event, context: [print(line) for line in event["lines"]] and None,
    "large": lambda event, context: "x" * event["bytes"],
}
