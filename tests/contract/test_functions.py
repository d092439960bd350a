"""Functions run as on Lambda: under awslambdaric, with Lambda's environment, errors and logs."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from probe_aws import Aws


@pytest.fixture(scope="module")
def described(aws: Aws, stack: dict[str, str]) -> dict[str, Any]:
    answer, error = aws.invoke(stack["Echo"], {"do": "describe"})
    assert error is None
    found: dict[str, Any] = answer
    return found


def test_environment_is_lambdas(described: dict[str, Any], aws: Aws, stack: dict[str, str]) -> None:
    environment = described["environment"]
    assert environment["AWS_LAMBDA_FUNCTION_NAME"] == stack["Echo"]
    assert environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "192"
    assert environment["AWS_LAMBDA_FUNCTION_VERSION"] == "$LATEST"
    assert environment["AWS_LAMBDA_LOG_FORMAT"] == "JSON"
    assert environment["AWS_REGION"] == "us-east-1"
    assert environment["AWS_ENDPOINT_URL"] == aws.cloud.url
    assert environment["LAMBDA_TASK_ROOT"] == described["folder"]
    assert environment["AWS_SDK_UA_APP_ID"] == stack["Echo"]
    assert environment["TABLE"] == stack["Table"]
    assert "GATEWAY_PORT" not in environment, "the emulator's own environment leaks"
    assert "VIRTUAL_ENV" not in environment


def test_packages_come_only_from_layers(described: dict[str, Any]) -> None:
    assert described["layer"] == "from the layer"
    assert described["modules"] == {"boto3": False, "ministack": False, "awslambdaric": True}
    assert described["python"] == [3, 13]


def test_context_is_lambdas(described: dict[str, Any], stack: dict[str, str]) -> None:
    assert described["arn"].endswith(f":function:{stack['Echo']}")
    assert described["memory"] == "192"
    assert 15_000 < described["remaining_ms"] <= 20_000


def test_alias_gets_its_own_arn_and_version(aws: Aws, stack: dict[str, str]) -> None:
    answer, _ = aws.invoke(stack["Published"], {"do": "describe"})
    assert answer["arn"] == stack["Published"]
    assert answer["environment"]["AWS_LAMBDA_FUNCTION_VERSION"] == "1"


def test_exception_has_type_and_trace(aws: Aws, stack: dict[str, str]) -> None:
    answer, error = aws.invoke(stack["Echo"], {"do": "fail"})
    assert error == "Unhandled"
    assert answer["errorType"] == "KeyError"
    assert answer["errorMessage"] == "'missing'"
    assert len(answer["requestId"]) == 36
    assert any("in handler" in line for line in answer["stackTrace"])


def test_exit_is_an_exit_error_and_the_next_call_works(aws: Aws, stack: dict[str, str]) -> None:
    answer, error = aws.invoke(stack["Echo"], {"do": "exit", "code": 3})
    assert error == "Unhandled"
    assert answer["errorType"] == "Runtime.ExitError"
    assert answer["errorMessage"].endswith("Runtime exited with error: exit status 3")
    assert aws.invoke(stack["Echo"], {"x": 1}) == ({"x": 1}, None)


def test_timeout_ends_the_environment(aws: Aws, stack: dict[str, str]) -> None:
    began = time.monotonic()
    answer, error = aws.invoke(stack["Brief"], {"do": "sleep", "seconds": 30})
    assert error == "Unhandled"
    assert answer["errorType"] == "Sandbox.Timedout"
    assert answer["errorMessage"].endswith("Task timed out after 1.00 seconds")
    assert time.monotonic() - began < 25
    log = [
        event["message"]
        for event in aws.client("logs").filter_log_events(logGroupName=stack["BriefLogGroup"])[
            "events"
        ]
    ]
    assert "going to sleep" in log
    assert any("Task timed out after 1.00 seconds" in line for line in log)
    assert any(line.startswith("REPORT RequestId: ") for line in log)


def test_too_large_an_answer_fails(aws: Aws, stack: dict[str, str]) -> None:
    answer, error = aws.invoke(stack["Echo"], {"do": "large", "bytes": 6_291_600})
    assert error == "Unhandled"
    assert answer["errorType"] == "Function.ResponseSizeTooLarge"


def test_unknown_runtime_is_refused_clearly(aws: Aws, stack: dict[str, str]) -> None:
    client = aws.client("lambda")
    client.update_function_configuration(FunctionName=stack["Brief"], Runtime="python3.12")
    try:
        answer, error = aws.invoke(stack["Brief"], {})
        assert error
        assert answer["errorType"] == "Runtime.Unsupported"
        assert "--runtime-python" in answer["errorMessage"]
    finally:
        client.update_function_configuration(FunctionName=stack["Brief"], Runtime="python3.13")


def test_code_that_cannot_be_imported_is_an_import_error(aws: Aws, stack: dict[str, str]) -> None:
    client = aws.client("lambda")
    client.update_function_configuration(FunctionName=stack["Brief"], Handler="nothing.handler")
    try:
        answer, error = aws.invoke(stack["Brief"], {})
        assert error == "Unhandled"
        assert answer["errorType"] == "Runtime.ImportModuleError"
        assert "No module named 'nothing'" in answer["errorMessage"]
    finally:
        client.update_function_configuration(FunctionName=stack["Brief"], Handler="app.handler")
    assert aws.invoke(stack["Brief"], {"again": True}) == ({"again": True}, None)


def test_changed_configuration_takes_effect(aws: Aws, stack: dict[str, str]) -> None:
    client = aws.client("lambda")
    before, _ = aws.invoke(stack["Brief"], {"do": "describe"})
    client.update_function_configuration(
        FunctionName=stack["Brief"], Environment={"Variables": {"NEW": "value"}}
    )
    after, _ = aws.invoke(stack["Brief"], {"do": "describe"})
    assert "NEW" not in before["environment"]
    assert after["environment"]["NEW"] == "value"
    assert after["pid"] != before["pid"]


def test_concurrent_invocations_have_their_own_environments(
    aws: Aws, stack: dict[str, str]
) -> None:
    began = time.monotonic()
    with ThreadPoolExecutor(4) as threads:
        answers = list(
            threads.map(
                lambda _: aws.invoke(stack["Echo"], {"do": "sleep", "seconds": 3}), range(4)
            )
        )
    assert answers == [("slept", None)] * 4
    assert time.monotonic() - began < 4 * 3


def test_warm_invocation_is_quick(aws: Aws, stack: dict[str, str]) -> None:
    client = aws.client("lambda")

    def measure() -> float:
        began = time.monotonic()
        client.invoke(FunctionName=stack["Echo"], Payload=b"{}")["Payload"].read()
        return time.monotonic() - began

    measure()
    # Other programs only add time.
    quickest = min(measure() for _ in range(30))
    assert quickest < 0.03, f"{quickest * 1000:.1f} ms"


def test_json_log_has_platform_records_and_one_stream_per_environment(
    aws: Aws, stack: dict[str, str]
) -> None:
    lines = ["first line", json.dumps({"level": "INFO", "message": "second"})]
    aws.invoke(stack["Published"], {"do": "print", "lines": lines})
    group = "/aws/lambda/" + stack["Published"].split(":")[-2]
    events = aws.client("logs").filter_log_events(logGroupName=group)["events"]
    messages = [event["message"] for event in events]
    first = messages.index(lines[0])
    assert messages[first + 1] == lines[1]
    assert json.loads(messages[first - 1])["type"] == "platform.start"
    report = json.loads(messages[first + 2])
    assert report["type"] == "platform.report"
    assert report["record"]["metrics"]["memorySizeMB"] == 192
    streams = {event["logStreamName"] for event in events}
    assert all("/[1]" in stream for stream in streams)


def test_lambda_drops_lines_below_the_functions_level(aws: Aws, stack: dict[str, str]) -> None:
    """Metrics are lines without a level, hence INFO (Lambda guide, "Log-level filtering")."""
    functions, logs = aws.client("lambda"), aws.client("logs")
    group = "/aws/lambda/" + stack["Echo"]
    debug, info, warning = (json.dumps({"level": level}) for level in ("DEBUG", "INFO", "WARNING"))
    metric = json.dumps({"_aws": {}})
    lines = [debug, info, warning, metric]
    for level, kept in {
        "DEBUG": lines,
        "INFO": [info, warning, metric],
        "WARN": [warning],
    }.items():
        functions.update_function_configuration(
            FunctionName=stack["Echo"],
            LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": level},
        )
        mark = json.dumps({"level": "ERROR", "mark": level})
        aws.invoke(stack["Echo"], {"do": "print", "lines": [mark, *lines]})
        described, _ = aws.invoke(stack["Echo"], {"do": "describe"})
        assert described["environment"]["AWS_LAMBDA_LOG_LEVEL"] == level
        events = logs.filter_log_events(logGroupName=group)["events"]
        messages = [event["message"] for event in events]
        after = messages[messages.index(mark) + 1 :]
        assert [line for line in after if line in lines] == kept
    functions.update_function_configuration(
        FunctionName=stack["Echo"], LoggingConfig={"LogFormat": "JSON"}
    )


def test_log_tail_is_returned_on_request(aws: Aws, stack: dict[str, str]) -> None:
    import base64

    answer = aws.client("lambda").invoke(
        FunctionName=stack["Echo"],
        LogType="Tail",
        Payload=json.dumps({"do": "print", "lines": ["seen in the tail"]}),
    )
    assert "seen in the tail" in base64.b64decode(answer["LogResult"]).decode()
