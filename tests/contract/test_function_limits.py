"""Lambda's limits of functions: for each there is a function that exceeds it."""

import base64
import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psutil
import pytest
from botocore.exceptions import ClientError
from limited_functions import make_function
from probe_aws import Aws

from jetbridge_local.ministack_seam.quotas import (
    ASYNCHRONOUS_BYTES,
    SYNCHRONOUS_BYTES,
    VARIABLES_BYTES,
)


@pytest.fixture(scope="module")
def small(aws: Aws) -> str:
    return make_function(aws, "limited-small", MemorySize=128, Timeout=20)


def refused(error: pytest.ExceptionInfo[ClientError]) -> tuple[int, str, str]:
    answer = error.value.response
    status = answer["ResponseMetadata"]["HTTPStatusCode"]
    return status, answer["Error"]["Code"], answer["Error"]["Message"]


def log_of(answer: dict[str, Any]) -> str:
    return base64.b64decode(answer["LogResult"]).decode()


def test_an_empty_function_uses_what_it_uses_on_lambda(aws: Aws) -> None:
    """37 MB by maxday/lambda-perf (data/2025/2025-12-21.json, python3.13 on both architectures)."""
    name = make_function(aws, "limited-empty")
    answer = aws.client("lambda").invoke(FunctionName=name, LogType="Tail", Payload='{"do":"pid"}')
    used = int(log_of(answer).split("Max Memory Used: ")[1].split(" MB")[0])
    assert used == pytest.approx(37, abs=4)


def test_memory_above_the_limit_ends_the_process(aws: Aws, small: str) -> None:
    pid, _ = aws.invoke(small, {"do": "pid"})
    assert aws.invoke(small, {"do": "use memory", "mb": 60}) == (60 * 1024 * 1024, None)
    answer = aws.client("lambda").invoke(
        FunctionName=small, LogType="Tail", Payload=json.dumps({"do": "use memory", "mb": 120})
    )
    error = json.loads(answer["Payload"].read())
    assert answer["FunctionError"] == "Unhandled"
    assert error["errorType"] == "Runtime.OutOfMemory"
    assert error["errorMessage"].endswith(" Error: Runtime exited with error: signal: killed")
    log = log_of(answer)
    assert "Memory Size: 128 MB\tMax Memory Used: 128 MB" in log
    assert "Status: error\tError Type: Runtime.OutOfMemory" in log
    assert "Error: Runtime exited with error: signal: killed\nRuntime.OutOfMemory" in log
    assert not psutil.pid_exists(pid)
    again, failed = aws.invoke(small, {"do": "pid"})
    assert failed is None
    assert again != pid


def test_memory_of_earlier_invocations_is_still_the_most_used(aws: Aws) -> None:
    """ "When invocations share an execution environment, Lambda reports the maximum memory used
    across all invocations" (developer guide, "Sending Lambda function logs to CloudWatch Logs")."""
    name = make_function(aws, "limited-peak", MemorySize=256, Timeout=20)
    aws.invoke(name, {"do": "use memory", "mb": 100})
    answer = aws.client("lambda").invoke(FunctionName=name, LogType="Tail", Payload='{"do":"pid"}')
    used = int(log_of(answer).split("Max Memory Used: ")[1].split(" MB")[0])
    assert 130 <= used <= 150


def test_memory_above_the_limit_at_the_start_fails_the_invocation(aws: Aws) -> None:
    name = make_function(
        aws, "limited-start", MemorySize=128, Environment={"Variables": {"INIT_MB": "150"}}
    )
    error, failed = aws.invoke(name, {"do": "pid"})
    assert failed == "Unhandled"
    assert error["errorType"] == "Runtime.OutOfMemory"


def test_a_timeout_leaves_no_process(aws: Aws) -> None:
    name = make_function(aws, "limited-brief", Timeout=1)
    pid, _ = aws.invoke(name, {"do": "pid"})
    error, failed = aws.invoke(name, {"do": "sleep", "seconds": 30})
    assert failed == "Unhandled"
    assert error["errorMessage"].endswith("Error: Task timed out after 1.00 seconds")
    assert not psutil.pid_exists(pid)


def test_nothing_of_a_function_runs_between_invocations(aws: Aws, small: str) -> None:
    """A thread that counts a hundred times a second stops, and continues later."""
    before, _ = aws.invoke(small, {"do": "start ticking"})
    pid, _ = aws.invoke(small, {"do": "pid"})
    assert psutil.Process(pid).status() == psutil.STATUS_STOPPED
    time.sleep(2)
    after, _ = aws.invoke(small, {"do": "ticks"})
    assert before < after < before + 50, "200 ticks would have fitted between them"
    for _ in range(10):
        aws.invoke(small, {"do": "sleep", "seconds": 0.5})
        later, _ = aws.invoke(small, {"do": "ticks"})
        if later > after + 20:
            return
    raise AssertionError(f"{later - after} ticks in five seconds")


def test_reserved_concurrency_throttles(aws: Aws) -> None:
    name = make_function(aws, "limited-reserved", Timeout=20)
    client = aws.client("lambda", max_pool_connections=8)
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=2)

    def invoke(_: int) -> str:
        try:
            event = json.dumps({"do": "sleep", "seconds": 1.5})
            client.invoke(FunctionName=name, Payload=event)["Payload"].read()
        except client.exceptions.TooManyRequestsException as error:
            return str(error.response["Reason"])
        return "invoked"

    with ThreadPoolExecutor(4) as threads:
        answers = sorted(threads.map(invoke, range(4)))
    throttled = "ReservedFunctionConcurrentInvocationLimitExceeded"
    assert answers == [throttled, throttled, "invoked", "invoked"]


def payload_of(size: int) -> bytes:
    frame = json.dumps({"do": "length", "text": ""})
    return frame.replace('""', f'"{"x" * (size - len(frame))}"').encode()


def test_a_synchronous_request_may_have_6_mb(aws: Aws, small: str) -> None:
    client = aws.client("lambda")
    largest = payload_of(SYNCHRONOUS_BYTES)
    assert len(largest) == 6 * 1024 * 1024
    answer = client.invoke(FunctionName=small, Payload=largest)
    assert "FunctionError" not in answer
    with pytest.raises(ClientError) as error:
        client.invoke(FunctionName=small, Payload=payload_of(SYNCHRONOUS_BYTES + 1))
    assert refused(error) == (
        413,
        "RequestEntityTooLargeException",
        "Request must be smaller than 6291456 bytes for the InvokeFunction operation",
    )


def test_an_asynchronous_request_may_have_1_mb(aws: Aws, small: str) -> None:
    client = aws.client("lambda")
    asked = {"FunctionName": small, "InvocationType": "Event"}
    answer = client.invoke(**asked, Payload=payload_of(ASYNCHRONOUS_BYTES))
    assert answer["StatusCode"] == 202
    with pytest.raises(ClientError) as error:
        client.invoke(**asked, Payload=payload_of(ASYNCHRONOUS_BYTES + 1))
    assert refused(error) == (
        413,
        "RequestEntityTooLargeException",
        "1048577 byte payload is too large for the Event invocation type (limit 1048576 bytes)",
    )


def test_an_answer_above_6_mb_is_an_error(aws: Aws, small: str) -> None:
    assert aws.invoke(small, {"do": "text", "bytes": 6_291_000})[1] is None
    error, failed = aws.invoke(small, {"do": "text", "bytes": 6_291_600})
    assert failed == "Unhandled"
    assert error == {
        "errorType": "Function.ResponseSizeTooLarge",
        "errorMessage": "Response payload size exceeded maximum allowed payload size"
        " (6291556 bytes).",
    }


def variables_of(size: int) -> dict[str, Any]:
    return {"Variables": {"A": "x" * (size - len('{"A":""}'))}}


def test_variables_may_have_4_kb(aws: Aws) -> None:
    name = make_function(aws, "limited-variables", Environment=variables_of(VARIABLES_BYTES))
    client = aws.client("lambda")
    too_large = variables_of(VARIABLES_BYTES + 1)
    for change in (
        lambda: make_function(aws, "limited-refused", Environment=too_large),
        lambda: client.update_function_configuration(FunctionName=name, Environment=too_large),
    ):
        with pytest.raises(ClientError) as error:
            change()
        status, code, message = refused(error)
        assert (status, code) == (400, "InvalidParameterValueException")
        assert "exceeded the 4KB limit. String measured: {" in message
    known = client.get_function_configuration(FunctionName=name)
    assert len(known["Environment"]["Variables"]["A"]) < VARIABLES_BYTES
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_function(FunctionName="limited-refused")


def test_a_template_with_more_variables_fails(aws: Aws) -> None:
    function = {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "FunctionName": "limited-template",
            "Runtime": "python3.13",
            "Handler": "index.handler",
            "Role": "arn:aws:iam::000000000000:role/any",
            "Code": {"ZipFile": "def handler(event, context): pass"},
            "Environment": variables_of(VARIABLES_BYTES + 1),
        },
    }
    client = aws.client("cloudformation")
    client.create_stack(
        StackName="limited", TemplateBody=json.dumps({"Resources": {"Limited": function}})
    )
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        events = client.describe_stack_events(StackName="limited")["StackEvents"]
        reasons = [each.get("ResourceStatusReason", "") for each in events]
        if any("exceeded the 4KB limit" in reason for reason in reasons):
            return
        time.sleep(0.2)
    raise AssertionError(f"no event names the limit: {reasons}")
