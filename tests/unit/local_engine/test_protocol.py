"""The wire formats, with botocore itself at the other end."""

import json
from collections.abc import Iterator
from typing import Any, cast
from urllib.parse import parse_qs, quote, urlsplit

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from jetbridge_local.engine import AwsError
from jetbridge_local.engine.models import check_answer, check_request
from jetbridge_local.engine.protocol import parse, serialize, serialize_error

ECS_TARGET = {"X-Amz-Target": "AmazonEC2ContainerServiceV20141113.RunTask"}


class Raw:
    """The body of an answer as urllib3 gives it."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self._body


def clients(cloud: Any) -> dict[str, Any]:
    """boto3 clients whose requests go to the engines by way of the protocol."""

    def client(service: Any) -> Any:
        made = boto3.client(
            service,
            region_name="eu-west-1",
            endpoint_url="http://127.0.0.1:1",
            aws_access_key_id="a",
            aws_secret_access_key="b",
            config=Config(retries={"total_max_attempts": 1}, parameter_validation=False),
        )

        def answer(request: Any, **_: Any) -> AWSResponse:
            url = urlsplit(request.url)
            headers = {
                k: v.decode() if isinstance(v, bytes) else v for k, v in request.headers.items()
            }
            body = request.body or b""
            try:
                operation, parameters = parse(
                    service, request.method, url.path, parse_qs(url.query), headers, body
                )
                result = cloud.engines[service].handle(operation, parameters)
                status, answer_headers, content = serialize(service, operation, result)
            except AwsError as error:
                status, answer_headers, content = serialize_error(service, error)
            return AWSResponse(request.url, status, cast(Any, answer_headers), Raw(content))

        made.meta.events.register("before-send", answer)
        return made

    return {"ecs": client("ecs"), "batch": client("batch")}


def test_boto3_runs_a_task(cloud: Any) -> None:
    ecs = clients(cloud)["ecs"]
    arn = cloud.start("exit 3")
    cloud.wait_for_task(arn)
    [task] = ecs.describe_tasks(tasks=[arn])["tasks"]
    assert task["containers"][0]["exitCode"] == 3
    assert task["stoppedAt"].timestamp() == pytest.approx(cloud.task(arn)["stoppedAt"], abs=0.001)


def test_boto3_sees_errors_with_their_members(cloud: Any) -> None:
    ecs = clients(cloud)["ecs"]
    cloud.define_task(script="exit 0")
    ask = {
        "taskDefinition": "job",
        "launchType": "FARGATE",
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["s"]}},
        "clientToken": "t",
    }
    arn = ecs.run_task(**ask)["tasks"][0]["taskArn"]
    with pytest.raises(ecs.exceptions.ConflictException) as caught:
        ecs.run_task(**ask, startedBy="other")
    assert caught.value.response["resourceIds"] == [arn]
    with pytest.raises(ecs.exceptions.ClusterNotFoundException):
        ecs.run_task(**ask, cluster="none")


def test_boto3_runs_a_job(cloud: Any) -> None:
    batch = clients(cloud)["batch"]
    cloud.define_job(script="exit 0")
    job_id = batch.submit_job(jobName="a", jobQueue="queue", jobDefinition="job")["jobId"]
    cloud.wait_for_job(job_id)
    assert batch.describe_jobs(jobs=[job_id])["jobs"][0]["status"] == "SUCCEEDED"
    arn = cloud.job(job_id)["jobArn"]
    batch.tag_resource(resourceArn=arn, tags={"a": "1", "b c": "2"})
    batch.untag_resource(resourceArn=arn, tagKeys=["a", "none"])
    assert batch.list_tags_for_resource(resourceArn=arn)["tags"] == {"b c": "2"}
    with pytest.raises(ClientError) as caught:
        batch.submit_job(jobName="a", jobQueue="none", jobDefinition="job")
    assert caught.value.response["Error"] == {
        "Code": "ClientException",
        "Message": "JobQueue none not found.",
    }


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "code", "said"),
    [
        ("ecs", "RunTask", {}, "InvalidParameterException", "taskDefinition"),
        ("ecs", "RunTask", {"taskDefinition": 3}, "SerializationException", "taskDefinition"),
        (
            "ecs",
            "RunTask",
            {"taskDefinition": "a", "taskDefinitoin": "b"},
            "InvalidParameterException",
            "taskDefinitoin",
        ),
        (
            "ecs",
            "RunTask",
            {"taskDefinition": "a", "launchType": "fargate"},
            "InvalidParameterException",
            "launchType: fargate",
        ),
        (
            "ecs",
            "RunTask",
            {
                "taskDefinition": "a",
                "capacityProviderStrategy": [{"capacityProvider": "x", "weight": -1}],
            },
            "InvalidParameterException",
            "weight",
        ),
        (
            "ecs",
            "RunTask",
            {
                "taskDefinition": "a",
                "capacityProviderStrategy": [{"capacityProvider": "x", "weight": 1001}],
            },
            "InvalidParameterException",
            "weight",
        ),
        (
            "ecs",
            "RunTask",
            {"taskDefinition": "a", "tags": [{"key": "x", "value": "v" * 257}]},
            "InvalidParameterException",
            "tags[0].value",
        ),
        ("batch", "SubmitJob", {"jobName": "a"}, "ClientException", "jobQueue"),
        ("batch", "ListJobs", {"jobQueue": "a", "jobStatus": "DONE"}, "ClientException", "DONE"),
        ("batch", "ListJobs", {"jobQueue": ["a"]}, "SerializationException", "jobQueue"),
    ],
)
def test_what_the_model_doesn_t_allow(
    service: Any, operation: str, parameters: dict[str, Any], code: str, said: str
) -> None:
    with pytest.raises(AwsError) as caught:
        check_request(service, operation, parameters)
    assert (caught.value.code, caught.value.status) == (code, 400)
    assert said in caught.value.message


def test_an_enum_in_any_case_where_aws_takes_it() -> None:
    condition = {"onExitCode": "1", "action": "exit"}
    submit = {"jobName": "a", "jobQueue": "q", "jobDefinition": "d"}
    check_request("batch", "SubmitJob", submit | {"retryStrategy": {"evaluateOnExit": [condition]}})


def test_an_answer_that_is_not_valid_is_a_fault_of_the_server() -> None:
    with pytest.raises(AwsError) as caught:
        check_answer("ecs", "RunTask", {"tasks": [{"lastStatus": 3}]})
    assert caught.value.status == 500
    with pytest.raises(AwsError):
        serialize("batch", "SubmitJob", {"jobName": "a"})
    job = {
        "jobName": "a",
        "jobId": "b",
        "jobQueue": "c",
        "status": "RUNNABLE",
        "jobDefinition": "d",
    }
    check_answer("batch", "DescribeJobs", {"jobs": [job]})
    with pytest.raises(AwsError):
        check_answer("batch", "DescribeJobs", {"jobs": [{**job, "status": "LATE"}]})


@pytest.mark.parametrize("body", [b"{", b"[]", b"3", b"\xff"])
def test_a_body_that_isnt_an_object(body: bytes) -> None:
    with pytest.raises(AwsError) as caught:
        parse("ecs", "POST", "/", {}, ECS_TARGET, body)
    assert caught.value.code == "SerializationException"


@pytest.mark.parametrize(
    ("service", "path", "headers"),
    [
        ("ecs", "/", {}),
        ("ecs", "/", {"x-amz-target": "AmazonEC2ContainerServiceV20141113.FlyToMoon"}),
        ("ecs", "/", {"x-amz-target": "Other.RunTask"}),
        ("batch", "/v1/flytomoon", {}),
    ],
)
def test_an_operation_that_is_not_there(service: Any, path: str, headers: dict[str, str]) -> None:
    with pytest.raises(AwsError) as caught:
        parse(service, "POST", path, {}, headers, b"{}")
    assert caught.value.code == "UnknownOperationException"


TEXT = st.text(max_size=20)
OVERRIDE = st.fixed_dictionaries(
    {"name": TEXT},
    optional={
        "command": st.lists(TEXT, max_size=3),
        "environment": st.lists(st.fixed_dictionaries({"name": TEXT, "value": TEXT}), max_size=3),
        "cpu": st.integers(0, 4096),
    },
)


@given(
    st.fixed_dictionaries(
        {"taskDefinition": TEXT},
        optional={
            "startedBy": TEXT,
            "count": st.integers(-3, 30),
            "overrides": st.fixed_dictionaries(
                {"containerOverrides": st.lists(OVERRIDE, max_size=3)}
            ),
        },
    )
)
def test_what_is_sent_is_what_is_parsed(parameters: dict[str, Any]) -> None:
    body = json.dumps(parameters | {"cluster": None}).encode()
    assert parse("ecs", "POST", "/", {}, ECS_TARGET, body) == ("RunTask", parameters)


@given(
    st.text(min_size=1, max_size=40),
    st.lists(st.text(min_size=1, max_size=128), min_size=1, max_size=4),
)
def test_names_in_a_path_and_a_query_survive(name: str, keys: list[str]) -> None:
    arn = f"arn:aws:batch:eu-west-1:123456789012:job-queue/{name}"
    path = f"/v1/tags/{quote(arn, safe='')}"
    parsed = parse("batch", "DELETE", path, {"tagKeys": keys}, {}, b"")
    assert parsed == ("UntagResource", {"resourceArn": arn, "tagKeys": keys})
