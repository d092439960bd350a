"""What the call recorder makes of requests, as botocore sends them."""

import json
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest
from botocore.config import Config

from jetbridge_local.recorder.requests import Identified, Request, identify


class Sent(Exception):
    """Carries the request that would have gone out."""


def sent_by(
    service: str, operation: str, application: str | None = None, **parameters: Any
) -> Request:
    """The HTTP request that botocore makes for a call."""
    make: Any = boto3.client
    # Its stubs don't know that a client may be named.
    config: Any = Config
    client = make(
        service,
        endpoint_url="http://127.0.0.1:1",
        region_name="us-east-1",
        aws_access_key_id="container",
        aws_secret_access_key="local",
        config=config(user_agent_appid=application),
    )

    def stop(request: AWSPreparedRequest, **_: Any) -> None:
        raise Sent(request)

    client.meta.events.register_last("before-send", stop)
    with pytest.raises(Sent) as caught:
        getattr(client, operation)(**parameters)
    prepared = caught.value.args[0]
    url = urlsplit(prepared.url)
    headers = {
        name.lower(): value.decode() if isinstance(value, bytes) else str(value)
        for name, value in prepared.headers.items()
    }
    body = prepared.body or b""
    body = body.encode() if isinstance(body, str) else body
    if not isinstance(body, bytes | bytearray):
        body = body.read()
    return Request(
        method=prepared.method, path=url.path, query=url.query, headers=headers, body=bytes(body)
    )


def identified(service: str, operation: str, **parameters: Any) -> Identified:
    found = identify(sent_by(service, operation, **parameters))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "name", "identifiers"),
    [
        (
            "ecs",
            "describe_tasks",
            {"cluster": "c", "tasks": ["a", "b"], "include": ["TAGS"]},
            "DescribeTasks",
            {"cluster": "c", "tasks": ["a", "b"]},
        ),
        (
            "ecs",
            "list_tasks",
            {"cluster": "c", "startedBy": "jb-1", "desiredStatus": "STOPPED"},
            "ListTasks",
            {"cluster": "c", "startedBy": "jb-1", "desiredStatus": "STOPPED"},
        ),
        ("batch", "describe_jobs", {"jobs": ["j1", "j2"]}, "DescribeJobs", {"jobs": ["j1", "j2"]}),
        (
            "batch",
            "list_jobs",
            {"jobQueue": "q", "filters": [{"name": "JOB_NAME", "values": ["jb-1*"]}]},
            "ListJobs",
            {"jobQueue": "q", "filters": [{"name": "JOB_NAME", "values": ["jb-1*"]}]},
        ),
        ("batch", "list_jobs", {"arrayJobId": "a"}, "ListJobs", {"arrayJobId": "a"}),
        (
            "logs",
            "get_log_events",
            {"logGroupName": "g", "logStreamName": "s", "startFromHead": True},
            "GetLogEvents",
            {"logGroupName": "g", "logStreamName": "s"},
        ),
        (
            "logs",
            "filter_log_events",
            {"logGroupName": "g", "logStreamNames": ["s"], "filterPattern": "ERROR"},
            "FilterLogEvents",
            {"logGroupName": "g", "logStreamNames": ["s"]},
        ),
        (
            "lambda",
            "invoke",
            {"FunctionName": "start", "Payload": b'{"name": "not an identifier of the call"}'},
            "Invoke",
            {"FunctionName": "start"},
        ),
        (
            "lambda",
            "get_function_configuration",
            {"FunctionName": "start", "Qualifier": "live"},
            "GetFunctionConfiguration",
            {"FunctionName": "start", "Qualifier": "live"},
        ),
        (
            "scheduler",
            "get_schedule",
            {"Name": "n", "GroupName": "g"},
            "GetSchedule",
            {"Name": "n", "GroupName": "g"},
        ),
        (
            "s3",
            "get_object",
            {"Bucket": "b", "Key": "k/l"},
            "GetObject",
            {"Bucket": "b", "Key": "k/l"},
        ),
        (
            "s3",
            "put_object",
            {"Bucket": "b", "Key": "k", "Body": b'{"name": "x"}'},
            "PutObject",
            {"Bucket": "b", "Key": "k"},
        ),
        (
            "s3",
            "copy_object",
            {"Bucket": "b", "Key": "k", "CopySource": "o/p"},
            "CopyObject",
            {"Bucket": "b", "Key": "k"},
        ),
        (
            "s3",
            "upload_part",
            {"Bucket": "b", "Key": "k", "PartNumber": 1, "UploadId": "u", "Body": b"x"},
            "UploadPart",
            {"Bucket": "b", "Key": "k"},
        ),
        (
            "s3",
            "list_objects_v2",
            {"Bucket": "b", "Prefix": "p/"},
            "ListObjectsV2",
            {"Bucket": "b", "Prefix": "p/"},
        ),
        ("s3", "get_bucket_location", {"Bucket": "b"}, "GetBucketLocation", {"Bucket": "b"}),
        ("s3", "list_buckets", {}, "ListBuckets", {}),
        ("sts", "get_caller_identity", {}, "GetCallerIdentity", {}),
        (
            "cloudformation",
            "describe_stacks",
            {"StackName": "s"},
            "DescribeStacks",
            {"StackName": "s"},
        ),
        (
            "dynamodb",
            "batch_get_item",
            {"RequestItems": {"t": {"Keys": [{"pk": {"S": "secret"}}]}}},
            "BatchGetItem",
            {"RequestItems": ["t"]},
        ),
        (
            "sqs",
            "send_message",
            {"QueueUrl": "http://127.0.0.1:1/1/q", "MessageBody": "body"},
            "SendMessage",
            {"QueueUrl": "http://127.0.0.1:1/1/q"},
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_operations_of_each_protocol(
    service: str, operation: str, parameters: dict[str, Any], name: str, identifiers: dict[str, Any]
) -> None:
    found = identified(service, operation, **parameters)
    assert (found.service, found.operation) == (service, name)
    assert found.identifiers == identifiers


def test_caller_is_the_application_else_the_access_key() -> None:
    function = identify(sent_by("sts", "get_caller_identity", application="start_run"))
    container = identify(sent_by("sts", "get_caller_identity"))
    assert function is not None
    assert (function.caller, function.access_key) == ("start_run", "container")
    assert container is not None
    assert container.caller == "container"
    assert container.user_agent.startswith("Boto3/")


def test_presigned_request_is_known_by_its_query() -> None:
    client = boto3.client(
        "s3",
        endpoint_url="http://127.0.0.1:1",
        region_name="us-east-1",
        aws_access_key_id="viewer",
        aws_secret_access_key="local",
        config=Config(signature_version="s3v4"),
    )
    url = urlsplit(client.generate_presigned_url("get_object", {"Bucket": "b", "Key": "k"}))
    found = identify(Request(method="GET", path=url.path, query=url.query, headers={}, body=b""))
    assert found is not None
    assert (found.service, found.operation, found.caller) == ("s3", "GetObject", "viewer")


def test_what_is_not_signed_is_not_a_call() -> None:
    request = Request(method="GET", path="/favicon.ico", query="", headers={}, body=b"")
    assert identify(request) is None


def test_broken_body_and_unknown_service_are_recorded_all_the_same() -> None:
    credential = "AWS4-HMAC-SHA256 Credential=me/20260101/us-east-1/{}/aws4_request, Signature=0"
    broken = Request(
        method="POST",
        path="/",
        query="",
        headers={
            "authorization": credential.format("ecs"),
            "x-amz-target": "AmazonEC2ContainerServiceV20141113.RunTask",
        },
        body=b"{not json",
    )
    unknown = Request(
        method="PUT",
        path="/things/1",
        query="",
        headers={"authorization": credential.format("nosuchservice")},
        body=json.dumps({"name": "x"}).encode(),
    )
    first, second = identify(broken), identify(unknown)
    assert first is not None
    assert (first.operation, first.identifiers) == ("RunTask", {})
    assert second is not None
    assert second.operation == "PUT /things/1"


def test_very_long_values_are_left_out() -> None:
    found = identified("ecs", "describe_tasks", cluster="c", tasks=["x" * 100] * 30)
    assert found.identifiers == {"cluster": "c"}


def test_a_service_whose_signing_name_is_not_its_models() -> None:
    """IAM's actions of Amazon MWAA begin with airflow: (service authorization reference)."""
    one = identified("mwaa", "get_environment", Name="etl")
    assert (one.service, one.operation) == ("airflow", "GetEnvironment")
    assert one.identifiers == {"Name": "etl"}
    assert identified("mwaa", "list_environments").operation == "ListEnvironments"
