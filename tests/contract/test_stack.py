"""After `sam deploy`, everything in the template exists."""

import json

import pytest
from botocore.exceptions import ClientError
from probe_aws import STACK, Aws


def attributes(aws: Aws, queue: str) -> dict[str, str]:
    answer = aws.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])
    found: dict[str, str] = answer["Attributes"]
    return found


def test_every_resource_is_complete(aws: Aws, stack: dict[str, str]) -> None:
    paginator = aws.client("cloudformation").get_paginator("list_stack_resources")
    resources = [
        summary
        for page in paginator.paginate(StackName=STACK)
        for summary in page["StackResourceSummaries"]
    ]
    assert {r["ResourceStatus"] for r in resources} == {"CREATE_COMPLETE"}
    assert all(r["PhysicalResourceId"] for r in resources)


def test_stack_id_gives_eight_characters(aws: Aws, stack: dict[str, str]) -> None:
    uuid = stack["StackId"].split("/")[2]
    assert stack["StackUuidStart"] == uuid.split("-")[0]
    assert len(stack["StackUuidStart"]) == 8
    int(stack["StackUuidStart"], 16)
    described, _ = aws.invoke(stack["Echo"], {"do": "describe"})
    assert described["environment"]["STACK8"] == stack["StackUuidStart"]


def test_queues(aws: Aws, stack: dict[str, str]) -> None:
    work = attributes(aws, stack["WorkQueue"])
    assert work["VisibilityTimeout"] == "2"
    assert work["MessageRetentionPeriod"] == "1209600"
    assert (
        json.loads(work["RedrivePolicy"])["deadLetterTargetArn"]
        == attributes(aws, stack["DeadLetters"])["QueueArn"]
    )
    policy = json.loads(attributes(aws, stack["TaskEvents"])["Policy"])
    assert policy["Statement"][0]["Principal"] == {"Service": "events.amazonaws.com"}


def test_function_settings(aws: Aws, stack: dict[str, str]) -> None:
    client = aws.client("lambda")
    echo = client.get_function_configuration(FunctionName=stack["Echo"])
    assert (echo["Timeout"], echo["MemorySize"], echo["Runtime"]) == (20, 192, "python3.13")
    assert echo["LoggingConfig"]["LogFormat"] == "JSON"
    brief = client.get_function_configuration(FunctionName=stack["Brief"])
    assert brief["LoggingConfig"] == {"LogFormat": "Text", "LogGroup": stack["BriefLogGroup"]}
    assert (
        client.get_function_concurrency(FunctionName=stack["Brief"])["ReservedConcurrentExecutions"]
        == 2
    )
    published = client.get_function_configuration(FunctionName=stack["Published"].rsplit(":", 1)[0])
    assert (
        published["DeadLetterConfig"]["TargetArn"]
        == attributes(aws, stack["DeadLetters"])["QueueArn"]
    )
    policy = json.loads(client.get_policy(FunctionName=stack["Echo"])["Policy"])
    assert policy["Statement"][0]["Principal"] == {"Service": "events.amazonaws.com"}


def test_log_groups(aws: Aws, stack: dict[str, str]) -> None:
    groups = {
        group["logGroupName"]: group.get("retentionInDays")
        for group in aws.client("logs").describe_log_groups()["logGroups"]
    }
    assert groups[stack["BriefLogGroup"]] == 14
    assert groups[stack["ContainerLogGroup"]] == 7


def test_alarm(aws: Aws, stack: dict[str, str]) -> None:
    [alarm] = aws.client("cloudwatch").describe_alarms(AlarmNames=[stack["Alarm"]])["MetricAlarms"]
    assert alarm["AlarmActions"] == [stack["Topic"]]
    assert alarm["TreatMissingData"] == "notBreaching"
    assert alarm["Dimensions"][0]["Name"] == "QueueName"
    assert alarm["Threshold"] == 0


def test_bucket(aws: Aws, stack: dict[str, str]) -> None:
    block = aws.client("s3").get_public_access_block(Bucket=stack["Bucket"])
    assert all(block["PublicAccessBlockConfiguration"].values())


def test_what_has_no_effect_is_named_in_the_log(aws: Aws, stack: dict[str, str]) -> None:
    """Nothing that matters locally; a property that joins this list needs a look."""
    lines = aws.cloud.log.read_text().splitlines()
    reports = [line.split("WARNING ", 1)[1] for line in lines if "no effect here" in line]
    ours = sorted(line.split(": ", 1)[1] for line in reports if f"stack {STACK}:" in line)
    assert ours == [
        f"AWS::DynamoDB::Table Table in stack {STACK}: no effect here: SSESpecification",
        f"AWS::S3::Bucket Bucket in stack {STACK}: no effect here: BucketEncryption,"
        " LifecycleConfiguration",
    ]


def test_rules_and_their_targets(aws: Aws, stack: dict[str, str]) -> None:
    events = aws.client("events")
    arn = attributes(aws, stack["TaskEvents"])["QueueArn"]
    [name] = events.list_rule_names_by_target(TargetArn=arn)["RuleNames"]
    pattern = json.loads(events.describe_rule(Name=name)["EventPattern"])
    assert pattern["detail"]["startedBy"] == [{"prefix": f"jb-{stack['StackUuidStart']}-"}]
    [target] = events.list_targets_by_rule(Rule=name)["Targets"]
    assert target["RetryPolicy"]["MaximumRetryAttempts"] == 10
    assert target["DeadLetterConfig"]["Arn"] == attributes(aws, stack["DeadLetters"])["QueueArn"]


def test_a_condition_left_its_resource_out(aws: Aws, stack: dict[str, str]) -> None:
    with pytest.raises(ClientError):
        aws.client("cloudformation").describe_stack_resource(
            StackName=STACK, LogicalResourceId="Subscription"
        )


def test_clusters_and_queues_of_the_engines(aws: Aws, stack: dict[str, str]) -> None:
    [cluster] = aws.client("ecs").describe_clusters(clusters=[stack["Cluster"]])["clusters"]
    assert cluster["clusterArn"] == stack["ClusterArn"]
    [queue] = aws.client("batch").describe_job_queues(jobQueues=[stack["JobQueue"]])["jobQueues"]
    assert queue["state"] == "ENABLED"
    [definition] = aws.client("batch").describe_job_definitions(
        jobDefinitions=[stack["JobDefinition"]]
    )["jobDefinitions"]
    assert definition["containerProperties"]["environment"] == [
        {"name": "GREETING", "value": "hello"}
    ]
    assert definition["timeout"] == {"attemptDurationSeconds": 120}


def test_of_a_long_name_the_stacks_part_is_cut(aws: Aws) -> None:
    formation, stack = aws.client("cloudformation"), "e" * 60
    rule = {"Type": "AWS::Events::Rule", "Properties": {"ScheduleExpression": "rate(1 day)"}}
    made = {
        "TaskStateChangeRule": rule,
        "Other": rule,
        "UndeliveredStateChanges": {"Type": "AWS::SQS::Queue"},
    }
    formation.create_stack(StackName=stack, TemplateBody=json.dumps({"Resources": made}))
    formation.get_waiter("stack_create_complete").wait(
        StackName=stack, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    names = {
        each["LogicalResourceId"]: each["PhysicalResourceId"].rpartition("/")[2]
        for each in formation.list_stack_resources(StackName=stack)["StackResourceSummaries"]
    }
    assert {name: len(names[name]) for name in made} == {
        "TaskStateChangeRule": 64,
        "Other": 64,
        "UndeliveredStateChanges": 80,
    }
    for logical, name in names.items():
        cut, found, suffix = name.partition(f"-{logical}-")
        assert (set(cut), bool(found), len(suffix)) == ({"e"}, True, 13)
        assert len(cut) >= 30
    formation.delete_stack(StackName=stack)
