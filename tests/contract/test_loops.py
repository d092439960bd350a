"""Lambda's guard against loops: chains of requests through SQS and by invocations.

The probe sends as an SDK does: with the trace header of its own invocation.
"""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from probe_aws import Aws

from jetbridge_local.functions.lineage import MOST_INVOCATIONS, continued, invocations


def _dropped(aws: Aws, function: str) -> float:
    now = time.time()
    found = aws.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName="RecursiveInvocationsDropped",
        Dimensions=[{"Name": "FunctionName", "Value": function}],
        StartTime=now - 3600,
        EndTime=now + 60,
        Period=3600,
        Statistics=["Sum"],
    )
    return float(sum(point["Sum"] for point in found["Datapoints"]))


def _arn(aws: Aws, function: str) -> str:
    found = aws.client("lambda").get_function_configuration(FunctionName=function)
    return str(found["FunctionArn"])


def _chain(function_arn: str, so_far: int) -> str:
    """The trace header of a chain that has invoked a function this often."""
    header = ""
    for _ in range(so_far):
        header = continued(header, function_arn)
    assert invocations(header, function_arn) == so_far
    return header


def _client_in(aws: Aws, header: str) -> Any:
    """A client of Lambda whose requests are in a chain."""
    client = aws.client("lambda")

    def add(params: dict[str, Any], **_: Any) -> None:
        params["headers"]["X-Amzn-Trace-Id"] = header

    client.meta.events.register("before-call", add)
    return client


@pytest.fixture
def allowed(aws: Aws, stack: dict[str, str]) -> Iterator[None]:
    """The worker is out of the guard."""
    client = aws.client("lambda")
    client.put_function_recursion_config(FunctionName=stack["Worker"], RecursiveLoop="Allow")
    yield
    client.put_function_recursion_config(FunctionName=stack["Worker"], RecursiveLoop="Terminate")


def _go_around(aws: Aws, stack: dict[str, str], most: int, mark: str) -> None:
    body = json.dumps({"n": 1, "around": most, "mark": mark})
    aws.client("sqs").send_message(QueueUrl=stack["WorkQueue"], MessageBody=body)


def _rounds(results: list[Any], mark: str) -> list[int]:
    return sorted(each["body"]["n"] for each in results if each["body"].get("mark") == mark)


def test_function_that_sends_to_itself_is_stopped_after_16_invocations(
    aws: Aws, stack: dict[str, str]
) -> None:
    before = _dropped(aws, stack["Worker"])
    _go_around(aws, stack, 40, "loop")
    dead = aws.receive(
        stack["DeadLetters"], lambda got: any(b.get("mark") == "loop" for b in got), 30
    )
    assert [b["n"] for b in dead if b.get("mark") == "loop"] == [MOST_INVOCATIONS + 1]
    results = aws.receive(stack["ResultQueue"], lambda got: len(got) >= MOST_INVOCATIONS)
    assert _rounds(results, "loop") == list(range(1, MOST_INVOCATIONS + 1))
    # Each of the two receives that the queue allows was refused.
    assert _dropped(aws, stack["Worker"]) - before == 2


@pytest.mark.usefixtures("allowed")
def test_function_that_may_loop_goes_on(aws: Aws, stack: dict[str, str]) -> None:
    before = _dropped(aws, stack["Worker"])
    _go_around(aws, stack, 40, "allowed")
    results = aws.receive(stack["ResultQueue"], lambda got: len(got) >= 40, 60)
    assert _rounds(results, "allowed") == list(range(1, 41))
    assert _dropped(aws, stack["Worker"]) == before


def test_another_chain_is_not_stopped_with_it(aws: Aws, stack: dict[str, str]) -> None:
    sqs = aws.client("sqs")
    for n in range(MOST_INVOCATIONS + 4):
        body = json.dumps({"n": n, "mark": "apart"})
        sqs.send_message(QueueUrl=stack["WorkQueue"], MessageBody=body)
    results = aws.receive(
        stack["ResultQueue"], lambda got: len(_rounds(got, "apart")) >= MOST_INVOCATIONS + 4
    )
    assert _rounds(results, "apart") == list(range(MOST_INVOCATIONS + 4))


def test_a_message_carries_the_trace_header_of_its_sender(aws: Aws, stack: dict[str, str]) -> None:
    sqs = aws.client("sqs")
    arn = _arn(aws, stack["Worker"])
    sent = _chain(arn, 3)
    sqs.send_message(
        QueueUrl=stack["WorkQueue"],
        MessageBody=json.dumps({"n": 1, "mark": "header"}),
        MessageSystemAttributes={"AWSTraceHeader": {"DataType": "String", "StringValue": sent}},
    )
    deadline = time.monotonic() + 15
    while True:
        answer = sqs.receive_message(
            QueueUrl=stack["ResultQueue"],
            WaitTimeSeconds=1,
            MessageSystemAttributeNames=["AWSTraceHeader"],
        )
        for message in answer.get("Messages", []):
            sqs.delete_message(
                QueueUrl=stack["ResultQueue"], ReceiptHandle=message["ReceiptHandle"]
            )
            if json.loads(message["Body"])["body"].get("mark") == "header":
                header = message["Attributes"]["AWSTraceHeader"]
                assert header.split(";")[0] == sent.split(";")[0]
                assert invocations(header, arn) == 4
                return
        assert time.monotonic() < deadline


@pytest.mark.parametrize(("so_far", "refused"), [(0, False), (15, False), (16, True)])
def test_invocation_of_a_function_in_a_chain(
    aws: Aws, stack: dict[str, str], so_far: int, refused: bool
) -> None:
    client = _client_in(aws, _chain(_arn(aws, stack["Echo"]), so_far))
    if refused:
        with pytest.raises(client.exceptions.RecursiveInvocationException):
            client.invoke(FunctionName=stack["Echo"], Payload=b"{}")
        return
    answer = client.invoke(FunctionName=stack["Echo"], Payload=b'{"do": "describe"}')
    environment = json.loads(answer["Payload"].read())["environment"]
    header = environment["_X_AMZN_TRACE_ID"]
    assert invocations(header, _arn(aws, stack["Echo"])) == so_far + 1


def test_asynchronous_event_of_a_loop_goes_to_the_destination_at_once(
    aws: Aws, stack: dict[str, str]
) -> None:
    before = _dropped(aws, stack["Echo"])
    client = _client_in(aws, _chain(_arn(aws, stack["Echo"]), MOST_INVOCATIONS))
    event = {"mark": "asynchronous loop"}
    answer = client.invoke(
        FunctionName=stack["Echo"], Payload=json.dumps(event), InvocationType="Event"
    )
    assert answer["StatusCode"] == 202

    def there(got: list[Any]) -> bool:
        return any(record["requestPayload"] == event for record in got)

    records = aws.receive(stack["FailureQueue"], there)
    [record] = [each for each in records if each["requestPayload"] == event]
    assert record["responsePayload"]["Type"] == "RecursiveInvocationException"
    assert record["requestContext"]["approximateInvokeCount"] == 0
    assert _dropped(aws, stack["Echo"]) - before == 1


def test_the_template_says_who_may_loop(aws: Aws, stack: dict[str, str]) -> None:
    client = aws.client("lambda")
    assert [
        client.get_function_recursion_config(FunctionName=stack[name])["RecursiveLoop"]
        for name in ("Brief", "Worker")
    ] == ["Allow", "Terminate"]
    with pytest.raises(ClientError, match="RecursiveLoop"):
        client.put_function_recursion_config(FunctionName=stack["Worker"], RecursiveLoop="Maybe")
