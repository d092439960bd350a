"""Ways to deploy: parameters that go together, two stacks, long names, updates, deleted stacks."""

import json
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from deployed import REPORT, ecs_task
from samtranslator.yaml_helper import yaml_parse
from stacks import Stacks

from jetbridge_local.cloud import LocalCloud
from jetbridge_local.processes import ProcessTable
from jetbridge_local.site.application import Application, architecture, parameter
from jetbridge_local.site.paths import in_repository

IMAGES = Path(__file__).parent / "images.yaml"
LONG = "e" * 60
# Everything that the example's tasks need.
OPEN = ("ClusterArns", "TaskDefinitionArns", "JobQueueArns", "JobDefinitionArns")
PASSED = "PassableRoleArns"

REFUSED = {
    "ClusterArns": ({"ClusterArns": "arn:c"}, "TaskDefinitionArns isn't"),
    "TaskDefinitionArns": ({"TaskDefinitionArns": "arn:d"}, "ClusterArns isn't"),
    "JobQueueArns": ({"JobQueueArns": "arn:q"}, "JobDefinitionArns isn't"),
    "JobDefinitionArns": ({"JobDefinitionArns": "arn:d"}, "JobQueueArns isn't"),
    "VpcSubnetIds": ({"VpcSubnetIds": "subnet-1"}, "VpcSecurityGroupIds isn't"),
    "VpcSecurityGroupIds": ({"VpcSecurityGroupIds": "sg-1"}, "VpcSubnetIds isn't"),
    "push": ({"Finish": "push"}, "AirflowSecretArn is missing"),
    "rest": ({"Finish": "rest"}, "AirflowSecretArn is missing"),
    "LiveLogGroupNames": ({"LiveLogGroupNames": "/a"}, "AirflowLogBucket isn't"),
    "LiveLogConcurrency": ({"LiveLogConcurrency": "2"}, "LiveLogGroupNames is missing"),
    "AirflowLogPrefix": ({"AirflowLogPrefix": "logs/"}, "AirflowLogBucket isn't"),
}

GROUP, AIRFLOW_GROUP = "/jetbridge/deploys", "airflow-deploys-Task"
KEY = "arn:aws:kms:us-east-1:000000000000:key/1234abcd-12ab-34cd-56ef-1234567890ab"
SECRET = "arn:aws:secretsmanager:us-east-1:000000000000:secret:airflows-a1b2c3"
TOPIC = "arn:aws:sns:us-east-1:000000000000:alarms"
ECS = {
    "ClusterArns": "arn:aws:ecs:us-east-1:000000000000:cluster/etl",
    "TaskDefinitionArns": "arn:aws:ecs:us-east-1:000000000000:task-definition/etl-*",
}
BATCH = {
    "JobQueueArns": "arn:aws:batch:us-east-1:000000000000:job-queue/etl",
    "JobDefinitionArns": "arn:aws:batch:us-east-1:000000000000:job-definition/etl-*",
}
VPC = {"VpcSubnetIds": "subnet-1,subnet-2", "VpcSecurityGroupIds": "sg-1"}
BUCKET = {"AirflowLogBucket": "airflow-logs"}
# Each parameter, with what it can't be without.
ALONE = {
    "ClusterArns": ECS,
    "TaskDefinitionArns": ECS | {"TaskDefinitionArns": f"{ECS['TaskDefinitionArns']}:7"},
    "JobQueueArns": BATCH,
    "JobDefinitionArns": BATCH | {"JobDefinitionArns": f"{BATCH['JobDefinitionArns']}:7"},
    "VpcSubnetIds": VPC,
    "VpcSecurityGroupIds": VPC | {"VpcSecurityGroupIds": "sg-1,sg-2"},
    "PassableRoleArns": {"PassableRoleArns": "arn:aws:iam::000000000000:role/etl-*"},
    "LockedDefinitionArns": {"LockedDefinitionArns": ECS["TaskDefinitionArns"]},
    "OffloadBucket": {"OffloadBucket": "environments"},
    "OffloadPrefix": {"OffloadPrefix": "other/"},
    "WatchedClusterArns": {"WatchedClusterArns": ECS["ClusterArns"]},
    "WatchedJobQueueArns": {"WatchedJobQueueArns": BATCH["JobQueueArns"]},
    "AssetEvents": {
        "AssetEvents": "report=s3://lake/report,nightly-*@finance=s3://lake/orders",
        "WatchedClusterArns": ECS["ClusterArns"],
        "AirflowSecretArn": SECRET,
    },
    "Finish": {"Finish": "push", "AirflowSecretArn": SECRET},
    "AirflowSecretArn": {"AirflowSecretArn": SECRET},
    "NotifyConcurrency": {"NotifyConcurrency": "2"},
    "ContainerLogGroupArns": {
        "ContainerLogGroupArns": f"arn:aws:logs:us-east-1:000000000000:log-group:{GROUP}:*"
    },
    "LiveLogGroupNames": {"LiveLogGroupNames": GROUP, **BUCKET},
    "LiveLogConcurrency": {"LiveLogConcurrency": "3", "LiveLogGroupNames": GROUP, **BUCKET},
    "AirflowLogBucket": BUCKET,
    "AirflowLogPrefix": {"AirflowLogPrefix": "logs/", **BUCKET},
    "AirflowLogGroup": {"AirflowLogGroup": AIRFLOW_GROUP},
    "LogReadsPerSecond": {"LogReadsPerSecond": "25"},
    "SettleSeconds": {"SettleSeconds": "0"},
    "ResultWaitSeconds": {"ResultWaitSeconds": "60"},
    "CheckAfterSeconds": {"CheckAfterSeconds": "3000"},
    "EcsLaunchesPerSecond": {"EcsLaunchesPerSecond": "1"},
    "BatchSubmitsPerSecond": {"BatchSubmitsPerSecond": "1"},
    "LogRetentionDays": {"LogRetentionDays": "365"},
    "LogLevel": {"LogLevel": "DEBUG"},
    "ConcurrencyGroups": {"ConcurrencyGroups": "etl=50,ml=5"},
    "KmsKeyArns": {"KmsKeyArns": KEY},
    "AlarmTopicArn": {"AlarmTopicArn": TOPIC},
    "Dashboard": {"Dashboard": "on"},
    "SizeAdvice": {"SizeAdvice": "on"},
    "TracesEndpoint": {"TracesEndpoint": "https://otlp.example.com"},
    "TracesSecretArn": {"TracesEndpoint": "https://otlp.example.com", "TracesSecretArn": SECRET},
    "PermissionsBoundaryArn": {"PermissionsBoundaryArn": "arn:aws:iam::aws:policy/PowerUserAccess"},
}
# One of each kind: rights, a network, a way to finish, live logs, encryption, roles.
IN_A_PUSH = (
    "ClusterArns",
    "VpcSubnetIds",
    "Finish",
    "WatchedClusterArns",
    "LiveLogGroupNames",
    "KmsKeyArns",
    "PermissionsBoundaryArn",
)


@pytest.fixture(scope="module")
def stacks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stacks]:
    paths = in_repository(tmp_path_factory.mktemp("deploys"))
    with LocalCloud(
        paths.cloud, images=IMAGES, runtime_python=paths.python("runtime"), step_seconds=0.05
    ) as cloud:
        application = Application(
            paths, cloud.environment("deployer"), ProcessTable(paths.processes)
        )
        application.build()
        packaged = paths.cloud / "packaged.yaml"
        application.package(packaged)
        application.deploy_example()
        yield Stacks(cloud, packaged, Architecture=architecture())


@pytest.fixture(scope="module")
def opened() -> dict[str, str]:
    root = Path(__file__).parents[3]
    return {name: parameter(root, name) for name in (*OPEN, PASSED)}


@pytest.fixture(scope="module")
def plain(stacks: Stacks) -> str:
    """A stack with its default parameters."""
    for group in (GROUP, AIRFLOW_GROUP):
        stacks.cloud.client("logs").create_log_group(logGroupName=group)
    stacks.create("plain")
    return "plain"


def test_every_parameter_is_tried(stacks: Stacks) -> None:
    parameters = yaml_parse(stacks.text)["Parameters"].keys()
    assert ALONE.keys() == parameters - {"Architecture"}, "the machine decides on that one"


@pytest.mark.parametrize(
    "name",
    [
        name if name in IN_A_PUSH else pytest.param(name, marks=pytest.mark.nightly)
        for name in ALONE
    ],
)
def test_each_parameter_alone(stacks: Stacks, plain: str, name: str) -> None:
    stacks.update(plain, **ALONE[name])
    used = {each["ParameterKey"]: each["ParameterValue"] for each in stacks.parameters(plain)}
    assert used.items() >= ALONE[name].items()


def test_all_parameters(stacks: Stacks, plain: str) -> None:
    every = {key: value for values in ALONE.values() for key, value in values.items()}
    stacks.update(plain, **every)
    stacks.update(plain)
    stacks.create("all", **every)
    stacks.delete("all")


@pytest.mark.parametrize("given", REFUSED)
def test_parameters_that_need_others_say_which(stacks: Stacks, given: str) -> None:
    parameters, message = REFUSED[given]
    with pytest.raises(ClientError, match=message) as refused:
        stacks.create("refused", **parameters)
    assert refused.value.response["Error"]["Code"] == "ValidationError"
    assert "refused" not in stacks.names()


def _run(stacks: Stacks, outputs: dict[str, str]) -> dict[str, Any]:
    """Start a task as a person does, by the function's name; its outcome."""
    request = {
        "caller": {"kind": "person", "name": "tester"},
        "idempotency_key": str(uuid.uuid4()),
        "run_task": ecs_task("jetbridge-example-report", **REPORT),
    }
    function = f"{outputs['FunctionPrefix']}-start-run:person"
    run_id = stacks.invoke(function, request)["run_id"]
    table = stacks.cloud.client("dynamodb")
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        key = {"run_id": {"S": run_id}}
        found = table.get_item(TableName=outputs["OutcomesTableName"], Key=key).get("Item", {})
        if "outcome" in found:
            return dict(json.loads(found["outcome"]["S"]))
        time.sleep(0.2)
    raise AssertionError(f"no outcome of {run_id}")


def test_two_stacks_in_one_account_one_with_a_long_name(
    stacks: Stacks, opened: dict[str, str]
) -> None:
    """And then each goes, without touching the other."""
    long, other = stacks.create(LONG, **opened), stacks.create("etl", **opened)
    assert other["FunctionPrefix"] == "etl"
    assert long["FunctionPrefix"].startswith("e" * 40)
    for name in (LONG, "etl"):
        functions = stacks.resources(name, "AWS::Lambda::Function").values()
        assert all(len(function) <= 64 for function in functions)
        schedules = stacks.resources(name, "AWS::Scheduler::Schedule").values()
        assert all(len(schedule) <= 64 for schedule in schedules)
    for outputs in (long, other):
        assert _run(stacks, outputs)["state"] == "succeeded"
    stacks.delete("etl")
    assert _run(stacks, long)["state"] == "succeeded"
    stacks.delete(LONG)


@pytest.mark.parametrize(
    ("statements", "state"),
    [
        ([{"Effect": "Allow", "Action": "*", "Resource": "*"}], "succeeded"),
        # IAM user guide, "Permissions boundaries for IAM entities": what a boundary doesn't allow,
        # no policy of the role can.
        ([{"Effect": "Allow", "NotAction": "ecs:RunTask", "Resource": "*"}], "failed"),
    ],
    ids=["allows-all", "without-RunTask"],
)
def test_runs_under_a_permissions_boundary(
    stacks: Stacks, opened: dict[str, str], statements: list[dict[str, str]], state: str
) -> None:
    iam = stacks.cloud.client("iam")
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    name = f"boundary-{state}"
    made = iam.create_policy(PolicyName=name, PolicyDocument=document)["Policy"]["Arn"]
    outputs = stacks.create(name, **opened, PermissionsBoundaryArn=made)
    outcome = _run(stacks, outputs)
    assert outcome["state"] == state, outcome["reason"]
    if state == "failed":
        assert "ecs:RunTask" in outcome["reason"]
    stacks.delete(name)


def test_an_update_keeps_names_and_what_depends_on_them(
    stacks: Stacks, opened: dict[str, str]
) -> None:
    """Before this version, names came only from AWS::StackName."""
    before = stacks.text.replace("${Names.Prefix}", "${AWS::StackName}")
    assert before != stacks.text
    stacks.create("updated", text=before, **opened)
    was = stacks.resources("updated")
    functions = stacks.cloud.client("lambda")
    alias = {"FunctionName": was["StartRunFunction"], "Name": "airflow-finance"}
    functions.create_alias(**alias, FunctionVersion="$LATEST")
    outputs = stacks.update("updated", **opened)
    now = stacks.resources("updated")
    same = ("Function", "LogGroup", "Table", "Queue", "Role", "Rule")
    for name in was:
        if name.endswith(same):
            assert now[name] == was[name], name
    assert functions.get_alias(**alias)["Name"] == "airflow-finance", "it was not replaced"
    assert _run(stacks, outputs)["state"] == "succeeded"
    stacks.delete("updated")


def test_delete_and_deploy_again_under_the_same_name(
    stacks: Stacks, opened: dict[str, str]
) -> None:
    outputs = stacks.create("again", **opened)
    assert _run(stacks, outputs)["state"] == "succeeded"
    stacks.delete("again")
    outputs = stacks.create("again", **opened)
    assert _run(stacks, outputs)["state"] == "succeeded"
    stacks.delete("again")
