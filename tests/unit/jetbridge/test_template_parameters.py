"""template.yaml's Rules: what may be deployed, however CloudFormation reads an empty list.

AWS documents neither whether the parameter ``""`` of type CommaDelimitedList is a list of one empty
text or of none, nor what Fn::EachMemberEquals says of a list without members (CloudFormation
template reference, "Rule functions").
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from jetbridge_testing.template import template

PARAMETERS: Mapping[str, Any] = template()["Parameters"]


@dataclass(frozen=True)
class Reading:
    """How CloudFormation may read an empty list."""

    name: str
    empty: tuple[str, ...]
    each_of_none: bool = True

    def __str__(self) -> str:
        return self.name


READINGS = [
    Reading("one empty member", ("",)),
    Reading("no member, and all of none", ()),
    Reading("no member, and not all of none", (), each_of_none=False),
]
# Parameters that need another, with what they need.
NEEDS = {
    "ClusterArns": ("TaskDefinitionArns",),
    "TaskDefinitionArns": ("ClusterArns",),
    "JobQueueArns": ("JobDefinitionArns",),
    "JobDefinitionArns": ("JobQueueArns",),
    "VpcSubnetIds": ("VpcSecurityGroupIds",),
    "VpcSecurityGroupIds": ("VpcSubnetIds",),
    "AssetEvents": ("AirflowSecretArn", "WatchedClusterArns"),
    "Finish": ("AirflowSecretArn",),
    "LiveLogGroupNames": ("AirflowLogBucket",),
    "LiveLogConcurrency": ("LiveLogGroupNames", "AirflowLogBucket"),
    "AirflowLogPrefix": ("AirflowLogBucket",),
    "TracesSecretArn": ("TracesEndpoint",),
}
VALUES = {"Finish": "push", "LiveLogConcurrency": "2"}


def _refusals(given: Mapping[str, str], reading: Reading) -> list[str]:
    """The messages of the rules that refuse these parameters."""

    def value(name: str) -> str | tuple[str, ...]:
        text = given.get(name, str(PARAMETERS[name].get("Default", "")))
        if PARAMETERS[name]["Type"] != "CommaDelimitedList":
            return text
        return tuple(text.split(",")) if text else reading.empty

    def holds(condition: Any) -> bool:
        [(function, operand)] = condition.items()
        match function:
            case "Fn::Not":
                return not holds(operand[0])
            case "Fn::Or":
                return any(map(holds, operand))
            case "Fn::Equals":
                left, right = operand
                return bool(value(left["Ref"]) == str(right))
            case "Fn::EachMemberEquals":
                members, text = value(operand[0]["Ref"]), operand[1]
                if not members:
                    return reading.each_of_none
                return all(member == text for member in members)
        raise AssertionError(function)

    return [
        assertion["AssertDescription"]
        for rule in template()["Rules"].values()
        if "RuleCondition" not in rule or holds(rule["RuleCondition"])
        for assertion in rule["Assertions"]
        if not holds(assertion["Assert"])
    ]


def _given(*names: str) -> dict[str, str]:
    return {name: VALUES.get(name, "x") for name in names}


@pytest.mark.parametrize("reading", READINGS, ids=str)
def test_the_defaults_may_be_deployed(reading: Reading) -> None:
    assert _refusals({}, reading) == []


@pytest.mark.parametrize("reading", READINGS, ids=str)
@pytest.mark.parametrize("name", PARAMETERS)
def test_each_parameter_may_be_given_with_what_it_needs(name: str, reading: Reading) -> None:
    assert _refusals(_given(name, *NEEDS.get(name, ())), reading) == []


@pytest.mark.parametrize("reading", READINGS, ids=str)
def test_all_may_be_given(reading: Reading) -> None:
    assert _refusals(_given(*PARAMETERS), reading) == []


@pytest.mark.parametrize("reading", READINGS[:2], ids=str)
@pytest.mark.parametrize("name", NEEDS)
def test_a_parameter_alone_is_refused_with_what_is_missing(name: str, reading: Reading) -> None:
    """By the third reading no rule can tell an empty list from another."""
    [told, *_] = _refusals(_given(name), reading)
    assert told.startswith(name)
    assert any(needed in told for needed in NEEDS[name])
    # What to do instead.
    assert "leave" in told or "set" in told


@pytest.mark.parametrize(
    ("value", "fits"),
    [
        ("", True),
        ("nightly-*=s3://lake/orders", True),
        ("nightly-*=s3://lake/orders,load@finance=s3://lake/loads", True),
        ("nightly-*=s3://lake/orders,", False),
        ("nightly-*=s3://lake/orders, load=s3://lake/loads", False),
        ("nightly-*", False),
        ("a b=s3://lake/orders", False),
    ],
)
def test_asset_events_are_definitions_with_their_assets(value: str, fits: bool) -> None:
    pattern = PARAMETERS["AssetEvents"]["AllowedPattern"]
    assert bool(re.fullmatch(pattern, value)) is fits
