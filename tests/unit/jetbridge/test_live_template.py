"""template.yaml: live logs, their subscriptions and what relay_logs may do."""

import re
from typing import Any

import pytest
from jetbridge_testing.template import resources, statements, template

from jetbridge.logs.live.pieces import name_of
from jetbridge.logs.live.relay import ATTEMPTS, LONGEST_PAUSE_SECONDS, WAITS

GROUPS = 10
FILTERS = resources("AWS::Logs::SubscriptionFilter")
OWN = "/aws/lambda/jetbridge-relay-logs"
PARAMETER = template()["Parameters"]["LiveLogGroupNames"]
RELAY = resources("AWS::Serverless::Function")["RelayLogsFunction"]["Properties"]


def _statement(function: str, action: str) -> dict[str, Any]:
    [found] = [each for each in statements(function) if action in each["Action"]]
    return found


def _selected(value: Any) -> str:
    """The group that a Select of the parameter's names gives, of ``one,two``."""
    index, split = value["Fn::Select"]
    separator, text = split["Fn::Split"]
    groups = str(text["Fn::Sub"]).replace("${LiveLogGroupNames}", "one,two")
    return groups.split(str(separator))[int(index)]


def test_off_by_default() -> None:
    assert PARAMETER["Default"] == ""


@pytest.mark.parametrize("number", range(1, GROUPS + 1))
def test_each_name_has_its_subscription_and_no_other_is_made(number: int) -> None:
    subscription = FILTERS[f"LiveLogGroup{number}"]
    properties = subscription["Properties"]
    name = ["one", "two", *[""] * 8][number - 1]
    assert _selected(properties["LogGroupName"]) == name
    condition = template()["Conditions"][subscription["Condition"]]["Fn::And"]
    assert condition[0] == {"Condition": "CopiesLogs"}
    compared = condition[1]["Fn::Not"][0]["Fn::Equals"]
    assert (_selected(compared[0]), compared[1]) == (name, "")
    assert properties["FilterPattern"] == ""
    assert properties["DestinationArn"] == {"Fn::GetAtt": ["RelayLogsFunction", "Arn"]}
    # PutSubscriptionFilter refuses a function that CloudWatch Logs may not invoke.
    assert subscription["DependsOn"] == "RelayLogsPermission"


def test_there_are_as_many_subscriptions_as_names_may_be() -> None:
    pattern = re.compile(PARAMETER["AllowedPattern"])
    assert len(FILTERS) == GROUPS
    groups = [f"/ecs/a-b_c.d#{n}" for n in range(GROUPS)]
    for names in ("", groups[0], ",".join(groups)):
        assert pattern.fullmatch(names), names
    for names in (
        ",".join([*groups, "/one/more"]),
        "a,",
        ",a",
        "a, b",
        "a:b",
        "a,,b",
        "*",
        OWN,
        f"{OWN},b",
    ):
        assert not pattern.fullmatch(names), names


def test_cloudwatch_logs_of_this_account_alone_may_invoke_it() -> None:
    [permission] = resources("AWS::Lambda::Permission").values()
    properties = permission["Properties"]
    assert properties["Principal"] == {"Fn::Sub": "logs.${AWS::Region}.${AWS::URLSuffix}"}
    assert properties["SourceAccount"] == {"Ref": "AWS::AccountId"}
    assert "${AWS::Region}:${AWS::AccountId}:log-group:" in properties["SourceArn"]["Fn::Sub"]


@pytest.mark.parametrize(
    ("function", "action"),
    [
        ("RelayLogsFunction", "s3:GetObject"),
        ("RelayLogsFunction", "s3:PutObject"),
        ("RelayLogsFunction", "s3:DeleteObject"),
        ("CopyLogsFunction", "s3:DeleteObject"),
    ],
)
def test_only_pieces_may_be_written_and_removed(function: str, action: str) -> None:
    resource = _statement(function, action)["Resource"]["Fn::Sub"]
    _, _, key = resource.rpartition(":::${AirflowLogBucket}/")
    assert key == "${AirflowLogPrefix}*.jetbridge.live.*"
    assert ".jetbridge.live." in f".{name_of(0)}"


@pytest.mark.parametrize("function", ["RelayLogsFunction", "CopyLogsFunction"])
def test_only_its_own_items_of_the_runs_table_may_be_written(function: str) -> None:
    condition = _statement(function, "dynamodb:UpdateItem")["Condition"]
    assert "live#*" in condition["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]


def test_waiting_ends_before_the_function_does() -> None:
    assert sum(WAITS) + ATTEMPTS * LONGEST_PAUSE_SECONDS < RELAY["Timeout"]


def test_its_concurrency_can_be_limited() -> None:
    limited = RELAY["ReservedConcurrentExecutions"]["Fn::If"]
    assert limited == ["LimitsRelays", {"Ref": "LiveLogConcurrency"}, {"Ref": "AWS::NoValue"}]
    assert template()["Parameters"]["LiveLogConcurrency"]["Default"] == 0
