"""template.yaml: functions, tables and parameters agree with the code."""

import json
import re

import msgspec
import pytest
from jetbridge_testing.backends import LISTING_LAG_SECONDS
from jetbridge_testing.environment import ENVIRONMENT
from jetbridge_testing.template import (
    FUNCTIONS,
    GLOBALS,
    ROLES,
    ROOT,
    get_att,
    resources,
    template,
)

from jetbridge.launching.attempts import LISTING_SECONDS
from jetbridge.outcomes.dynamodb import FEED_INDEX
from jetbridge.runs.unfinished import EARLIER_INDEX, INDEX
from jetbridge.wiring.settings import Settings

CLIENT = re.compile(r'client\("(\w+)"')


def test_each_folder_of_functions_is_deployed() -> None:
    deployed = {item["Properties"]["CodeUri"] for item in FUNCTIONS.values()}
    assert deployed == {f"functions/{path.parent.name}" for path in ROOT.glob("functions/*/app.py")}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_function_has_a_log_group_with_retention(function: str) -> None:
    name = FUNCTIONS[function]["Properties"]["FunctionName"]["Fn::Sub"]
    groups = {
        group["Properties"]["LogGroupName"]["Fn::Sub"]: (logical_id, group)
        for logical_id, group in resources("AWS::Logs::LogGroup").items()
        if "LogGroupName" in group["Properties"]
    }
    logical_id, group = groups[f"/aws/lambda/{name}"]
    assert group["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}
    assert FUNCTIONS[function]["DependsOn"] == logical_id, "Lambda must not make the group itself"


def test_an_attempt_to_launch_ends_before_the_next_one_may_look() -> None:
    timeout = FUNCTIONS["LaunchRunFunction"]["Properties"].get("Timeout", GLOBALS["Timeout"])
    assert timeout < LISTING_SECONDS


def test_environment_variables_are_the_settings() -> None:
    environments = [GLOBALS["Environment"]] + [
        item["Properties"]["Environment"]
        for item in FUNCTIONS.values()
        if "Environment" in item["Properties"]
    ]
    variables = {
        name
        for environment in environments
        for name in environment["Variables"]
        if name.startswith("JETBRIDGE_")
    }
    fields = {field.name for field in msgspec.structs.fields(Settings)} - {"region"}
    assert variables == {f"JETBRIDGE_{name.upper()}" for name in fields}
    assert variables == {name for name in ENVIRONMENT if name.startswith("JETBRIDGE_")}


def test_only_notify_airflow_is_in_a_vpc_and_only_where_one_is_given() -> None:
    inside = {
        name: item["Properties"]["VpcConfig"]["Fn::If"]
        for name, item in FUNCTIONS.items()
        if "VpcConfig" in item["Properties"]
    }
    condition, config, otherwise = inside.pop("NotifyAirflowFunction")
    assert inside == {}
    assert config == {
        "SubnetIds": {"Ref": "VpcSubnetIds"},
        "SecurityGroupIds": {"Ref": "VpcSecurityGroupIds"},
    }
    assert otherwise == {"Ref": "AWS::NoValue"}
    tested = template()["Conditions"][condition]["Fn::Not"][0]["Fn::Equals"][0]
    assert tested == {"Fn::Join": ["", {"Ref": "VpcSubnetIds"}]}
    assert template()["Parameters"]["VpcSubnetIds"]["Default"] == ""


def test_the_layer_has_the_models_of_the_services_that_are_called() -> None:
    """tests/unit/scripts/test_slim_botocore.py holds the operations against the adapters."""
    kept = json.loads((ROOT / "layers" / "dependencies" / "operations.json").read_text())
    sources = (ROOT / "layers" / "jetbridge" / "src").rglob("*.py")
    called = {name for path in sources for name in CLIENT.findall(path.read_text())}
    assert called >= {"dynamodb", "secretsmanager", "sqs"}
    assert called <= set(kept)


def test_architecture_is_a_parameter() -> None:
    parameter = template()["Parameters"]["Architecture"]
    assert parameter["Default"] == "arm64"
    assert parameter["AllowedValues"] == ["arm64", "x86_64"]
    assert GLOBALS["Architectures"] == [{"Ref": "Architecture"}]
    assert GLOBALS["Runtime"] == "python3.13"


def test_tables_are_what_the_adapters_use() -> None:
    runs = resources("AWS::DynamoDB::Table")["RunsTable"]["Properties"]
    index, earlier = runs["GlobalSecondaryIndexes"]
    assert (index["IndexName"], earlier["IndexName"]) == (INDEX, EARLIER_INDEX)
    assert index["Projection"] == {"ProjectionType": "KEYS_ONLY"}
    outcomes = resources("AWS::DynamoDB::Table")["OutcomesTable"]["Properties"]
    [feed] = outcomes["GlobalSecondaryIndexes"]
    assert feed["IndexName"] == FEED_INDEX
    assert feed["Projection"] == {"ProjectionType": "KEYS_ONLY"}
    for table in resources("AWS::DynamoDB::Table").values():
        assert table["Properties"]["TimeToLiveSpecification"]["AttributeName"] == "expires_at"
        assert table["Properties"]["SSESpecification"] == {"SSEEnabled": False}
        assert table["Properties"]["KeySchema"] == [{"AttributeName": "run_id", "KeyType": "HASH"}]


def test_an_attempt_is_over_before_what_it_launched_is_looked_for() -> None:
    """SubmitJob may be the last thing that a function of the longest duration does."""
    limit = FUNCTIONS["LaunchRunFunction"]["Properties"].get("Timeout")
    longest = limit or template()["Globals"]["Function"]["Timeout"]
    assert longest + LISTING_LAG_SECONDS <= LISTING_SECONDS


def test_the_sweeper_looks_inside_of_what_ecs_remembers() -> None:
    """ECS forgets a stopped task after about an hour; a sweep may take two minutes more."""
    assert template()["Parameters"]["CheckAfterSeconds"]["MaxValue"] + 120 < 3600


def test_the_sweeper_sweeps_each_minute_and_audits_each_hour() -> None:
    events = FUNCTIONS["SweepRunsFunction"]["Properties"]["Events"]
    schedules = {
        event["Properties"]["ScheduleExpression"]: event["Properties"].get("Input")
        for event in events.values()
    }
    assert schedules == {"rate(1 minute)": None, "rate(1 hour)": '{"audit": true}'}


def test_two_stacks_have_schedules_of_their_own() -> None:
    """SAM's own names are the same in every stack (aws/serverless-application-model#3109)."""
    schedules = [
        event["Properties"]
        for function in FUNCTIONS.values()
        for event in function["Properties"].get("Events", {}).values()
        if event["Type"] == "ScheduleV2"
    ]
    names = []
    for schedule in schedules:
        name, values = schedule["Name"]["Fn::Sub"]
        assert values["StackUuid"] == {
            "Fn::Select": [2, {"Fn::Split": ["/", {"Ref": "AWS::StackId"}]}]
        }
        assert len(name.replace("${StackUuid}", "u" * 36)) <= 64, "Scheduler's limit"
        assert get_att(schedule["RoleArn"]) in ROLES
        names.append(name)
    assert len(set(names)) == len(schedules) == 2
