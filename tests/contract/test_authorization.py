"""Users and roles may do what their policies allow, and are denied as AWS denies it."""

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError
from probe_aws import Aws

from jetbridge_local.cloud import LocalCloud

NAME = "limited"
ACCOUNT = "000000000000"
QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:asked"
TABLE = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/asked"
BUCKET = "arn:aws:s3:::asked"


class User:
    """The user ``limited``, whose policy a test sets."""

    def __init__(self, cloud: LocalCloud, aws: Aws) -> None:
        self._cloud = cloud
        self._iam = aws.client("iam")
        self._iam.create_user(UserName=NAME)

    def may(self, *statements: dict[str, Any]) -> None:
        document = {"Version": "2012-10-17", "Statement": [*statements]}
        text = json.dumps(document)
        self._iam.put_user_policy(UserName=NAME, PolicyName="tested", PolicyDocument=text)

    def client(self, service: str, key: str = NAME) -> Any:
        return self._cloud.client(service, key, retries={"total_max_attempts": 1})


@pytest.fixture(scope="module")
def things(aws: Aws) -> dict[str, str]:
    """A queue, a table with an item, a bucket with an object, a log group."""
    url = aws.client("sqs").create_queue(QueueName="asked")["QueueUrl"]
    dynamodb = aws.client("dynamodb")
    dynamodb.create_table(
        TableName="asked",
        AttributeDefinitions=[{"AttributeName": "run_id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "run_id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    aws.client("s3").create_bucket(Bucket="asked")
    aws.client("s3").put_object(Bucket="asked", Key="in/a", Body=b"x")
    with suppress(ClientError):
        aws.client("logs").create_log_group(logGroupName="/asked")
    return {"queue": url}


@pytest.fixture(scope="module")
def user(cloud: LocalCloud, aws: Aws, things: dict[str, str]) -> Iterator[User]:
    yield User(cloud, aws)
    iam = aws.client("iam")
    with suppress(ClientError):
        iam.delete_user_policy(UserName=NAME, PolicyName="tested")
    iam.delete_user(UserName=NAME)


def allow(action: str | list[str], resource: str, **condition: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return statement | ({"Condition": condition} if condition else {})


def denied(call: Any, *arguments: Any, **named: Any) -> tuple[str, int, str]:
    """Code, HTTP status and text of the denial."""
    with pytest.raises(ClientError) as error:
        call(*arguments, **named)
    answer = error.value.response
    return (
        answer["Error"]["Code"],
        answer["ResponseMetadata"]["HTTPStatusCode"],
        answer["Error"]["Message"],
    )


def test_a_user_may_what_a_policy_allows(user: User, things: dict[str, str]) -> None:
    user.may(allow("sqs:SendMessage", QUEUE))
    sqs = user.client("sqs")
    sqs.send_message(QueueUrl=things["queue"], MessageBody="x")
    sqs.send_message_batch(QueueUrl=things["queue"], Entries=[{"Id": "1", "MessageBody": "x"}])
    code, _, message = denied(sqs.receive_message, QueueUrl=things["queue"])
    assert code.startswith("AccessDenied")
    assert message == (
        f"User: arn:aws:iam::{ACCOUNT}:user/{NAME} is not authorized to perform:"
        f" sqs:receivemessage on resource: {QUEUE} because no identity-based policy allows the"
        " sqs:receivemessage action"
    )


@pytest.mark.parametrize(
    ("service", "operation", "given", "code", "status"),
    [
        (
            "dynamodb",
            "get_item",
            {"TableName": "asked", "Key": {"run_id": {"S": "a"}}},
            "AccessDeniedException",
            400,
        ),
        (
            "logs",
            "get_log_events",
            {"logGroupName": "/asked", "logStreamName": "s"},
            "AccessDeniedException",
            400,
        ),
        ("ecs", "list_tasks", {}, "AccessDeniedException", 400),
        ("batch", "list_jobs", {"jobQueue": "q"}, "AccessDeniedException", 403),
        (
            "events",
            "put_events",
            {"Entries": [{"Source": "a", "DetailType": "b", "Detail": "{}"}]},
            "AccessDeniedException",
            400,
        ),
        ("secretsmanager", "get_secret_value", {"SecretId": "s"}, "AccessDeniedException", 400),
        ("lambda", "invoke", {"FunctionName": "f"}, "AccessDeniedException", 403),
        ("s3", "get_object", {"Bucket": "asked", "Key": "in/a"}, "AccessDenied", 403),
        ("s3", "head_object", {"Bucket": "asked", "Key": "in/a"}, "403", 403),
        ("cloudformation", "list_stack_resources", {"StackName": "s"}, "AccessDenied", 403),
        (
            "cloudwatch",
            "get_metric_data",
            {"MetricDataQueries": [], "StartTime": 0, "EndTime": 1},
            "AccessDenied",
            403,
        ),
    ],
)
def test_denials_have_each_protocols_form(
    user: User, service: str, operation: str, given: dict[str, Any], code: str, status: int
) -> None:
    user.may(allow("sqs:SendMessage", QUEUE))
    found = denied(getattr(user.client(service), operation), **given)
    assert (found[0].removesuffix("Exception"), found[1]) == (
        code.removesuffix("Exception"),
        status,
    )
    if operation != "head_object":
        assert "is not authorized to perform" in found[2]


def test_an_explicit_deny_wins(user: User, things: dict[str, str]) -> None:
    deny = {"Effect": "Deny", "Action": "sqs:*", "Resource": QUEUE}
    user.may(allow("sqs:*", "*"), deny)
    _, _, message = denied(
        user.client("sqs").send_message, QueueUrl=things["queue"], MessageBody="x"
    )
    assert message.endswith("with an explicit deny in an identity-based policy")


def test_a_boundary_limits(user: User, aws: Aws, things: dict[str, str]) -> None:
    iam = aws.client("iam")
    document = {"Version": "2012-10-17", "Statement": [allow("sqs:ReceiveMessage", "*")]}
    made = iam.create_policy(PolicyName="boundary", PolicyDocument=json.dumps(document))
    iam.put_user_permissions_boundary(UserName=NAME, PermissionsBoundary=made["Policy"]["Arn"])
    try:
        user.may(allow("sqs:*", QUEUE))
        sqs = user.client("sqs")
        sqs.receive_message(QueueUrl=things["queue"])
        _, _, message = denied(sqs.send_message, QueueUrl=things["queue"], MessageBody="x")
        assert "because no permissions boundary allows the sqs:sendmessage action" in message
    finally:
        iam.delete_user_permissions_boundary(UserName=NAME)


def test_leading_keys(user: User) -> None:
    user.may(
        allow(
            "dynamodb:UpdateItem",
            TABLE,
            **{"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["copy#*"]}},
        )
    )
    update = user.client("dynamodb").update_item
    update(TableName="asked", Key={"run_id": {"S": "copy#1"}})
    code, _, _ = denied(update, TableName="asked", Key={"run_id": {"S": "run"}})
    assert code == "AccessDeniedException"


def test_each_item_of_a_transaction_is_asked(user: User) -> None:
    user.may(allow("dynamodb:PutItem", TABLE))
    write = user.client("dynamodb").transact_write_items
    put = {"Put": {"TableName": "asked", "Item": {"run_id": {"S": "a"}}}}
    delete = {"Delete": {"TableName": "asked", "Key": {"run_id": {"S": "b"}}}}
    write(TransactItems=[put])
    _, _, message = denied(write, TransactItems=[put, delete])
    assert "dynamodb:DeleteItem" in message


def test_a_listing_is_limited_by_its_prefix(user: User) -> None:
    user.may(allow("s3:ListBucket", BUCKET, StringLike={"s3:prefix": ["in/*"]}))
    s3 = user.client("s3")
    assert s3.list_objects_v2(Bucket="asked", Prefix="in/")["KeyCount"] == 1
    assert denied(s3.list_objects_v2, Bucket="asked", Prefix="out/")[0] == "AccessDenied"
    assert denied(s3.list_objects_v2, Bucket="asked")[0] == "AccessDenied"


@pytest.mark.parametrize("operation", ["get_object", "head_object"])
def test_a_missing_object_is_hidden_from_whom_may_not_list(user: User, operation: str) -> None:
    """S3 API references of both: 403 without s3:ListBucket, 404 with it."""
    read = allow("s3:GetObject", f"{BUCKET}/*")
    user.may(read)
    ask = getattr(user.client("s3"), operation)
    ask(Bucket="asked", Key="in/a")
    _, status, message = denied(ask, Bucket="asked", Key="in/none")
    assert status == 403
    assert operation == "head_object" or "s3:listbucket" in message.lower()
    user.may(read, allow("s3:ListBucket", BUCKET))
    assert denied(ask, Bucket="asked", Key="in/none")[1] == 404
    # A condition on a prefix applies only to listings.
    user.may(read, allow("s3:ListBucket", BUCKET, StringLike={"s3:prefix": ["in/*"]}))
    assert denied(ask, Bucket="asked", Key="in/none")[1] == 403


def test_sources_of_events(user: User) -> None:
    user.may(
        allow(
            "events:PutEvents",
            f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/default",
            **{
                "ForAllValues:StringEquals": {"events:source": "jetbridge"},
                "Null": {"events:source": "false"},
            },
        )
    )
    events = user.client("events")
    ours = {"Source": "jetbridge", "DetailType": "x", "Detail": "{}"}
    assert events.put_events(Entries=[ours, ours])["FailedEntryCount"] == 0
    assert denied(events.put_events, Entries=[ours, ours | {"Source": "other"}])[1] == 400


def test_a_bucket_policy_denies(user: User, aws: Aws) -> None:
    user.may(allow("s3:*", "*"))
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": f"{BUCKET}/*",
    }
    document = {"Version": "2012-10-17", "Statement": [statement]}
    aws.client("s3").put_bucket_policy(Bucket="asked", Policy=json.dumps(document))
    try:
        code, _, message = denied(user.client("s3").put_object, Bucket="asked", Key="b", Body=b"")
        assert code == "AccessDenied"
        assert message.endswith("with an explicit deny in a resource-based policy")
    finally:
        aws.client("s3").delete_bucket_policy(Bucket="asked")


def test_tags_and_roles_of_a_task_are_asked(user: User, aws: Aws) -> None:
    ecs = aws.client("ecs")
    ecs.create_cluster(clusterName="asked")
    ecs.register_task_definition(
        family="asked",
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        taskRoleArn=f"arn:aws:iam::{ACCOUNT}:role/of-task",
        containerDefinitions=[{"name": "main", "image": "probe/container:1"}],
    )
    run = user.client("ecs").run_task
    network = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}
    task = {"taskDefinition": "asked", "networkConfiguration": network, "launchType": "FARGATE"}
    in_cluster = {"ArnEquals": {"ecs:cluster": f"arn:aws:ecs:us-east-1:{ACCOUNT}:cluster/asked"}}
    may_run = allow(
        "ecs:RunTask", f"arn:aws:ecs:us-east-1:{ACCOUNT}:task-definition/asked:*", **in_cluster
    )
    may_pass = allow(
        "iam:PassRole",
        f"arn:aws:iam::{ACCOUNT}:role/of-task",
        StringEquals={"iam:PassedToService": "ecs-tasks.amazonaws.com"},
    )
    user.may(may_run)
    assert "iam:PassRole" in denied(run, cluster="asked", **task)[2]
    user.may(may_run, may_pass)
    assert "ecs:RunTask" in denied(run, cluster="another", **task)[2]
    tags = [{"key": "team", "value": "x"}]
    assert "ecs:TagResource" in denied(run, cluster="asked", tags=tags, **task)[2]
    tagging = allow(
        "ecs:TagResource",
        f"arn:aws:ecs:us-east-1:{ACCOUNT}:task/*",
        StringEquals={"ecs:CreateAction": "RunTask"},
    )
    user.may(may_run, may_pass, tagging)
    assert run(cluster="asked", tags=tags, **task)["tasks"]


def test_an_access_key_is_its_users(user: User, aws: Aws, things: dict[str, str]) -> None:
    made = aws.client("iam").create_access_key(UserName=NAME)["AccessKey"]
    user.may(allow("sqs:SendMessage", QUEUE))
    sqs = user.client("sqs", made["AccessKeyId"])
    sqs.send_message(QueueUrl=things["queue"], MessageBody="x")
    assert "sqs:receivemessage" in denied(sqs.receive_message, QueueUrl=things["queue"])[2]
    aws.client("iam").delete_access_key(UserName=NAME, AccessKeyId=made["AccessKeyId"])


@pytest.mark.parametrize("key", ["nobody", "AKIAIOSFODNN7EXAMPLE"])
def test_nobodys_key_is_refused(user: User, things: dict[str, str], key: str) -> None:
    code, status, message = denied(
        user.client("sqs", key).receive_message, QueueUrl=things["queue"]
    )
    assert "security token included in the request is invalid" in message
    assert (code, status) in {("UnrecognizedClientException", 400), ("InvalidClientTokenId", 403)}


def test_a_request_without_credentials_is_refused(cloud: LocalCloud) -> None:
    assert httpx.get(f"{cloud.url}/asked/in/a").status_code == 403


def test_a_customers_key_needs_its_own_permission(user: User, aws: Aws) -> None:
    key = aws.client("kms").create_key()["KeyMetadata"]["Arn"]
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="encrypted")
    rule = {
        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    }
    s3.put_bucket_encryption(
        Bucket="encrypted", ServerSideEncryptionConfiguration={"Rules": [rule]}
    )
    may_put = allow("s3:PutObject", "arn:aws:s3:::encrypted/*")
    via = {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}
    put = user.client("s3").put_object
    user.may(may_put)
    assert "kms:GenerateDataKey" in denied(put, Bucket="encrypted", Key="a", Body=b"x")[2]
    user.may(may_put, allow("kms:GenerateDataKey", key, **via))
    put(Bucket="encrypted", Key="a", Body=b"x")


def test_the_evaluator_reports_each_question(
    cloud: LocalCloud, user: User, things: dict[str, str]
) -> None:
    user.may(allow("sqs:SendMessage", QUEUE))
    user.client("sqs").send_message(QueueUrl=things["queue"], MessageBody="x")
    told = [
        each
        for each in cloud.authorizations()
        if each["principal"].endswith(f"user/{NAME}") and each["action"] == "sqs:SendMessage"
    ]
    assert {each["resource"] for each in told} == {QUEUE}
    assert any(each["allowed"] for each in told)


def test_a_changed_policy_counts_soon(user: User, things: dict[str, str]) -> None:
    user.may(allow("sqs:SendMessage", QUEUE))
    sqs = user.client("sqs")
    sqs.send_message(QueueUrl=things["queue"], MessageBody="x")
    user.may(allow("sqs:ReceiveMessage", QUEUE))
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline:
        with suppress(ClientError):
            sqs.receive_message(QueueUrl=things["queue"])
            return
    raise AssertionError("a changed policy doesn't count")
