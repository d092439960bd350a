"""The call recorder over HTTP."""

import time
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError
from probe_aws import Aws


def test_calls_of_every_protocol_are_named(aws: Aws, stack: dict[str, str]) -> None:
    since = time.time()
    bucket = stack["Bucket"]
    s3 = aws.client("s3")
    s3.put_object(Bucket=bucket, Key="a/b", Body=b"x")
    s3.get_object(Bucket=bucket, Key="a/b")
    s3.list_objects_v2(Bucket=bucket, Prefix="a/")
    s3.head_object(Bucket=bucket, Key="a/b")
    s3.delete_object(Bucket=bucket, Key="a/b")
    aws.client("dynamodb").batch_get_item(
        RequestItems={stack["Table"]: {"Keys": [{"pk": {"S": "none"}}]}}
    )
    aws.client("sqs").send_message(QueueUrl=stack["SuccessQueue"], MessageBody="{}")
    aws.client("logs").describe_log_streams(logGroupName=stack["ContainerLogGroup"])
    aws.client("cloudformation").describe_stacks(StackName="probe")
    aws.client("lambda").get_function_configuration(FunctionName=stack["Echo"])
    aws.client("scheduler").get_schedule(Name=stack["Schedule"], GroupName=stack["ScheduleGroup"])
    aws.client("cloudwatch").describe_alarms(AlarmNames=[stack["Alarm"]])
    aws.client("sts").get_caller_identity()
    aws.client("events").list_rules()
    calls = [c for c in aws.cloud.calls(since) if c["caller"] == "tester"]
    assert [(c["service"], c["operation"]) for c in calls] == [
        ("s3", "PutObject"),
        ("s3", "GetObject"),
        ("s3", "ListObjectsV2"),
        ("s3", "HeadObject"),
        ("s3", "DeleteObject"),
        ("dynamodb", "BatchGetItem"),
        ("sqs", "SendMessage"),
        ("logs", "DescribeLogStreams"),
        ("cloudformation", "DescribeStacks"),
        ("lambda", "GetFunctionConfiguration"),
        ("scheduler", "GetSchedule"),
        ("cloudwatch", "DescribeAlarms"),
        ("sts", "GetCallerIdentity"),
        ("events", "ListRules"),
    ]
    assert all(c["status"] in (200, 204) and c["time"] >= since for c in calls)
    named = {c["operation"]: c["identifiers"] for c in calls}
    assert named["GetObject"] == {"Bucket": bucket, "Key": "a/b"}
    assert named["BatchGetItem"] == {"RequestItems": [stack["Table"]]}
    assert named["DescribeLogStreams"] == {"logGroupName": stack["ContainerLogGroup"]}
    assert named["GetFunctionConfiguration"] == {"FunctionName": stack["Echo"]}


def test_a_functions_calls_bear_its_name(aws: Aws, stack: dict[str, str]) -> None:
    since = time.time()
    aws.client("sqs").send_message(QueueUrl=stack["WorkQueue"], MessageBody='{"a": 1}')
    aws.receive(stack["ResultQueue"], bool)
    # A call is recorded when it is answered: its message may be received a moment before that.
    deadline = time.monotonic() + 5
    calls: list[dict[str, Any]] = []
    while not calls and time.monotonic() < deadline:
        calls = [c for c in aws.cloud.calls(since) if c["caller"] == stack["Worker"]]
    # An earlier test's message may still have been in work: its call looks the same.
    assert calls
    for call in calls:
        assert (call["service"], call["operation"]) == ("sqs", "SendMessage")
        assert call["access_key"] == "function"
        assert call["identifiers"] == {"QueueUrl": stack["ResultQueue"]}


def test_failed_calls_are_recorded_with_their_status(aws: Aws) -> None:
    since = time.time()
    with pytest.raises(ClientError):
        aws.client("lambda").get_function(FunctionName="nobody")
    [call] = [c for c in aws.cloud.calls(since) if c["operation"] == "GetFunction"]
    assert call["status"] == 404


def test_since_must_be_a_number(aws: Aws) -> None:
    answer = httpx.get(f"{aws.cloud.url}/_jetbridge/calls", params={"since": "yesterday"})
    assert answer.status_code == 400
    assert "since" in answer.json()["error"]


def test_calls_can_be_forgotten(aws: Aws) -> None:
    for method, path in (("POST", "/calls/reset"), ("DELETE", "/calls")):
        aws.client("sts").get_caller_identity()
        assert any(c["operation"] == "GetCallerIdentity" for c in aws.cloud.calls())
        answer = httpx.request(method, f"{aws.cloud.url}/_jetbridge{path}")
        assert answer.status_code == 200
        assert not any(c["operation"] == "GetCallerIdentity" for c in aws.cloud.calls())
