"""Tasks and jobs end, and the template's own rules send their events to queues and functions."""

import json
import time
from typing import Any

import pytest
from probe_aws import Aws

NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-0123456789abcdef0"]}}


def run_task(aws: Aws, stack: dict[str, str], started_by: str, **environment: str) -> str:
    override: dict[str, Any] = {
        "name": "main",
        "command": ["python3", "job.py"],
        "environment": [{"name": k, "value": v} for k, v in environment.items()],
    }
    answer = aws.client("ecs").run_task(
        cluster=stack["Cluster"],
        taskDefinition=stack["TaskDefinition"],
        launchType="FARGATE",
        startedBy=started_by,
        networkConfiguration=NETWORK,
        overrides={"containerOverrides": [override]},
    )
    assert answer["failures"] == []
    return str(answer["tasks"][0]["taskArn"])


def test_task_events_reach_the_queue_by_the_templates_rule(aws: Aws, stack: dict[str, str]) -> None:
    prefix = f"jb-{stack['StackUuidStart']}-"
    run_task(aws, stack, "jb-00000000-other", GREETING="not ours")
    arn = run_task(aws, stack, prefix + "run-1", GREETING="hello", EXIT_CODE="3")

    def stopped(bodies: list[Any]) -> bool:
        return any(b["detail"]["lastStatus"] == "STOPPED" for b in bodies)

    events = aws.receive(stack["TaskEvents"], stopped)
    assert {e["detail"]["startedBy"] for e in events} == {prefix + "run-1"}
    statuses = [
        e["detail"]["lastStatus"] for e in sorted(events, key=lambda e: e["detail"]["version"])
    ]
    assert statuses[0] != "PROVISIONING", "anything-but was not honoured"
    assert "RUNNING" in statuses
    assert statuses[-1] == "STOPPED"
    last = next(e for e in events if e["detail"]["lastStatus"] == "STOPPED")
    assert last["version"] == "0"
    assert last["source"] == "aws.ecs"
    assert last["detail-type"] == "ECS Task State Change"
    assert last["account"] == aws.cloud.settings.account
    assert last["region"] == aws.cloud.settings.region
    assert last["resources"] == [arn]
    assert last["time"].endswith("Z")
    assert len(last["id"]) == 36
    assert last["detail"]["taskArn"] == arn
    assert last["detail"]["containers"][0]["exitCode"] == 3
    messages = [
        event["message"]
        for event in aws.client("logs").get_log_events(
            logGroupName=stack["ContainerLogGroup"],
            logStreamName=f"probe/main/{arn.rsplit('/', 1)[1]}",
            startFromHead=True,
        )["events"]
    ]
    assert messages == ["greeting hello", "from definition yes"]


def test_job_events_reach_queue_and_function_without_unended_children(
    aws: Aws, stack: dict[str, str]
) -> None:
    submitted = aws.client("batch").submit_job(
        jobName="jb-probe-array",
        jobQueue=stack["JobQueue"],
        jobDefinition=stack["JobDefinition"],
        arrayProperties={"size": 2},
        containerOverrides={"environment": [{"name": "GREETING", "value": "array"}]},
    )

    def parent_ended(bodies: list[Any]) -> bool:
        return any(
            b["detail"]["jobId"] == submitted["jobId"] and b["detail"]["status"] == "SUCCEEDED"
            for b in bodies
        )

    events = aws.receive(stack["JobEvents"], parent_ended, 25)
    children = [e for e in events if "index" in e["detail"].get("arrayProperties", {})]
    assert {e["detail"]["status"] for e in children} == {"SUCCEEDED"}
    assert sorted(e["detail"]["arrayProperties"]["index"] for e in children) == [0, 1]
    parents = [e["detail"]["status"] for e in events if e not in children]
    assert parents[-1] == "SUCCEEDED"
    assert "PENDING" in parents
    records = aws.receive(
        stack["SuccessQueue"],
        lambda got: any(_is_event_of(r, submitted["jobId"], "SUCCEEDED") for r in got),
    )
    record = next(r for r in records if _is_event_of(r, submitted["jobId"], "SUCCEEDED"))
    assert record["requestPayload"]["source"] == "aws.batch"


def _is_event_of(record: dict[str, Any], job: str, status: str) -> bool:
    detail = record["requestPayload"].get("detail", {})
    return bool(detail.get("jobId") == job and detail.get("status") == status)


def test_job_log_stands_where_batch_puts_it(aws: Aws, stack: dict[str, str]) -> None:
    batch = aws.client("batch")
    job = batch.submit_job(
        jobName="log", jobQueue=stack["JobQueue"], jobDefinition=stack["JobDefinition"]
    )["jobId"]
    for _ in range(100):
        [described] = batch.describe_jobs(jobs=[job])["jobs"]
        if described["status"] in ("SUCCEEDED", "FAILED"):
            break
        time.sleep(0.1)
    assert described["status"] == "SUCCEEDED"
    events = aws.client("logs").get_log_events(
        logGroupName="/aws/batch/job",
        logStreamName=described["container"]["logStreamName"],
        startFromHead=True,
    )["events"]
    assert [event["message"] for event in events] == ["job hello"]


def test_secrets_reach_a_container(aws: Aws, stack: dict[str, str]) -> None:
    secret = aws.client("secretsmanager").create_secret(
        Name="probe", SecretString=json.dumps({"word": "from a secret"})
    )["ARN"]
    aws.client("ssm").put_parameter(
        Name="/probe/word", Value="from a parameter", Type="SecureString"
    )
    ecs = aws.client("ecs")
    registered = ecs.describe_task_definition(taskDefinition=stack["TaskDefinition"])
    container = registered["taskDefinition"]["containerDefinitions"][0]
    arn = f"arn:aws:ssm:us-east-1:{aws.cloud.settings.account}:parameter/probe/word"
    container["environment"] = []
    container["secrets"] = [
        {"name": "GREETING", "valueFrom": f"{secret}:word::"},
        {"name": "FROM_DEFINITION", "valueFrom": arn},
    ]
    definition = ecs.register_task_definition(
        family="with-secrets",
        requiresCompatibilities=["FARGATE"],
        networkMode="awsvpc",
        cpu="256",
        memory="512",
        executionRoleArn=registered["taskDefinition"]["executionRoleArn"],
        containerDefinitions=[container],
    )["taskDefinition"]["taskDefinitionArn"]
    started_by = f"jb-{stack['StackUuidStart']}-secrets"
    arn = run_task(aws, {**stack, "TaskDefinition": definition}, started_by)
    aws.receive(
        stack["TaskEvents"],
        lambda got: any(
            e["detail"]["taskArn"] == arn and e["detail"]["lastStatus"] == "STOPPED" for e in got
        ),
    )
    lines = aws.client("logs").get_log_events(
        logGroupName=stack["ContainerLogGroup"],
        logStreamName=f"probe/main/{arn.rsplit('/', 1)[1]}",
        startFromHead=True,
    )["events"]
    assert [line["message"] for line in lines] == [
        "greeting from a secret",
        "from definition from a parameter",
    ]


EVENT = {
    "version": "0",
    "id": "7bf73129-1428-4cd3-a780-95db273d1602",
    "detail-type": "Batch Job State Change",
    "source": "aws.batch",
    "account": "123456789012",
    "time": "2026-01-01T00:00:00Z",
    "region": "us-east-1",
    "resources": [],
    "detail": {
        "jobName": "jb-0123abcd-run-1",
        "status": "RUNNING",
        "arrayProperties": {"index": 0},
        "attempts": [],
    },
}


@pytest.mark.parametrize(
    ("pattern", "matches"),
    [
        ({"account": ["123456789012"]}, True),
        ({"account": ["000000000000"]}, False),
        ({"detail": {"jobName": [{"prefix": "jb-0123abcd-"}]}}, True),
        ({"detail": {"jobName": [{"prefix": "jb-other"}]}}, False),
        ({"detail": {"startedBy": [{"prefix": "jb-"}]}}, False),
        ({"detail": {"status": [{"anything-but": ["RUNNABLE", "STARTING"]}]}}, True),
        ({"detail": {"status": [{"anything-but": ["RUNNING"]}]}}, False),
        ({"detail": {"jobName": [{"anything-but": {"prefix": "jb-0123abcd-"}}]}}, False),
        ({"detail": {"arrayProperties": {"index": [{"exists": True}]}}}, True),
        ({"detail": {"arrayProperties": {"index": [{"exists": False}]}}}, False),
        ({"detail": {"arrayProperties": {"size": [{"exists": False}]}}}, True),
        ({"detail": {"arrayProperties": {"index": [{"numeric": [">=", 0]}]}}}, True),
        ({"detail": {"$or": [{"status": ["FAILED"]}, {"jobName": [{"prefix": "jb"}]}]}}, True),
        (
            {
                "detail": {
                    "$or": [
                        {"status": ["FAILED"]},
                        {"arrayProperties": {"index": [{"exists": False}]}},
                    ]
                }
            },
            False,
        ),
    ],
)
def test_patterns_match_as_on_aws(aws: Aws, pattern: dict[str, Any], matches: bool) -> None:
    answer = aws.client("events").test_event_pattern(
        EventPattern=json.dumps(pattern), Event=json.dumps(EVENT)
    )
    assert answer["Result"] is matches
