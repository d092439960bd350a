"""Asynchronous invocation: retries, destinations, the dead-letter queue."""

import json

from probe_aws import Aws


def invoke_event(aws: Aws, function: str, event: object) -> None:
    answer = aws.client("lambda").invoke(
        FunctionName=function, InvocationType="Event", Payload=json.dumps(event)
    )
    assert answer["StatusCode"] == 202


def test_failure_goes_to_its_destination_after_the_configured_retries(
    aws: Aws, stack: dict[str, str]
) -> None:
    event = {"do": "fail", "mark": "two attempts"}
    invoke_event(aws, stack["Echo"], event)
    [record] = [
        r
        for r in aws.receive(
            stack["FailureQueue"], lambda got: any(r["requestPayload"] == event for r in got)
        )
        if r["requestPayload"] == event
    ]
    assert record["version"] == "1.0"
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 2
    assert record["requestContext"]["functionArn"].endswith(f":{stack['Echo']}:$LATEST")
    assert record["responseContext"]["functionError"] == "Unhandled"
    assert record["responsePayload"]["errorType"] == "KeyError"


def test_success_goes_to_its_destination(aws: Aws, stack: dict[str, str]) -> None:
    event = {"do": "echo", "mark": "success"}
    invoke_event(aws, stack["Echo"], event)
    records = aws.receive(
        stack["SuccessQueue"], lambda got: any(r["requestPayload"] == event for r in got)
    )
    [record] = [r for r in records if r["requestPayload"] == event]
    assert record["requestContext"]["condition"] == "Success"
    assert record["responsePayload"] == event


def test_alias_has_its_own_configuration_and_the_dead_letter_queue_gets_the_event(
    aws: Aws, stack: dict[str, str]
) -> None:
    event = {"do": "fail", "mark": "alias"}
    invoke_event(aws, stack["Published"], event)
    records = aws.receive(
        stack["FailureQueue"], lambda got: any(r["requestPayload"] == event for r in got)
    )
    [record] = [r for r in records if r["requestPayload"] == event]
    assert record["requestContext"]["approximateInvokeCount"] == 1
    assert event in aws.receive(stack["DeadLetters"], lambda got: event in got)
