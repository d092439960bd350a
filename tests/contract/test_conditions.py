"""CloudFormation: conditions with functions in them."""

import json
import time
from typing import Any

import pytest
from probe_aws import Aws

TEMPLATE: dict[str, Any] = {
    "Parameters": {
        "Names": {"Type": "String", "Default": ""},
        "List": {"Type": "CommaDelimitedList", "Default": ""},
    },
    "Conditions": {
        "HasList": {"Fn::Not": [{"Fn::Equals": [{"Fn::Join": ["", {"Ref": "List"}]}, ""]}]},
        "HasSecond": {
            "Fn::Not": [
                {
                    "Fn::Equals": [
                        {"Fn::Select": [1, {"Fn::Split": [",", {"Fn::Sub": "${Names},,"}]}]},
                        "",
                    ]
                }
            ]
        },
        "HasBoth": {"Fn::And": [{"Condition": "HasList"}, {"Condition": "HasSecond"}]},
    },
    "Resources": {
        "Always": {"Type": "AWS::SQS::Queue"},
        **{
            name: {"Type": "AWS::SQS::Queue", "Condition": name}
            for name in ("HasList", "HasSecond", "HasBoth")
        },
    },
}


@pytest.mark.parametrize(
    ("names", "listed", "made"),
    [
        ("", "", {"Always"}),
        ("a", "", {"Always"}),
        ("a,b", "", {"Always", "HasSecond"}),
        ("", "a", {"Always", "HasList"}),
        ("a,b,c", "a,b", {"Always", "HasList", "HasSecond", "HasBoth"}),
    ],
)
def test_functions_in_conditions(aws: Aws, names: str, listed: str, made: set[str]) -> None:
    cloudformation = aws.client("cloudformation")
    stack = f"conditions-{len(names)}-{len(listed)}"
    cloudformation.create_stack(
        StackName=stack,
        TemplateBody=json.dumps(TEMPLATE),
        Parameters=[
            {"ParameterKey": "Names", "ParameterValue": names},
            {"ParameterKey": "List", "ParameterValue": listed},
        ],
    )
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        [found] = cloudformation.describe_stacks(StackName=stack)["Stacks"]
        if not found["StackStatus"].endswith("_IN_PROGRESS"):
            break
        time.sleep(0.1)
    assert found["StackStatus"] == "CREATE_COMPLETE"
    summaries = cloudformation.list_stack_resources(StackName=stack)["StackResourceSummaries"]
    assert {each["LogicalResourceId"] for each in summaries} == made
