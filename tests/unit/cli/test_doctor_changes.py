"""doctor finds what somebody changed outside of CloudFormation. The stack is template.yaml itself,
as SAM translates it."""

import json
import os
from functools import cache
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as some
from jetbridge_testing.template import translated
from test_doctor import answers, deployment, raises

from jetbridge_cli.doctor.checks import changes
from jetbridge_cli.doctor.deployment import FUNCTION, NAMES, Deployment
from jetbridge_cli.doctor.finding import Finding
from jetbridge_cli.doctor.template import Template, Unresolved

ACCOUNT = "eu-west-1:123456789012"


@cache
def template_body() -> Any:
    with patch.dict(os.environ, AWS_DEFAULT_REGION="eu-west-1"):
        return translated()


GIVEN = {
    "ClusterArns": f"arn:aws:ecs:{ACCOUNT}:cluster/etl,arn:aws:ecs:{ACCOUNT}:cluster/ml",
    "TaskDefinitionArns": f"arn:aws:ecs:{ACCOUNT}:task-definition/etl:*",
    "WatchedClusterArns": f"arn:aws:ecs:{ACCOUNT}:cluster/etl",
    "WatchedJobQueueArns": f"arn:aws:batch:{ACCOUNT}:job-queue/etl",
    "AirflowLogBucket": "logs",
    "LiveLogGroupNames": "/etl",
    "TracesEndpoint": "https://otlp.example.com",
    "AirflowSecretArn": f"arn:aws:secretsmanager:{ACCOUNT}:secret:airflow",
    "SizeAdvice": "on",
}


class Aws:
    """What AWS answers about a stack that is as its template has it, but for ``changed``."""

    def __init__(self, given: dict[str, str]) -> None:
        body = template_body()
        self.resources: dict[str, dict[str, str]] = {}
        for name, each in body["Resources"].items():
            self.resources.setdefault(each["Type"], {})[name] = f"bridge-{name}"
        self.queues = {
            name: {"QueueArn": f"arn:aws:sqs:{ACCOUNT}:bridge-{name}"}
            for name in self.resources["AWS::SQS::Queue"]
        }
        defaults = {name: str(each["Default"]) for name, each in body["Parameters"].items()}
        self.deployment = deployment(
            self.resources,
            defaults | given,
            self.queues,
            cloudformation=answers(get_template={"TemplateBody": body}),
            functions=answers(get_function_configuration=self.function),
            events=answers(describe_rule=self.rule),
        )
        template = Template(self.deployment)
        self.variables = {
            name: template.value(properties["Environment"]["Variables"])
            for name, properties in template.of(FUNCTION).items()
            if name != NAMES
        }
        self.patterns = {
            name: template.value(properties["EventPattern"])
            for name, properties in template.of("AWS::Events::Rule").items()
        }
        for name, properties in template.of("AWS::SQS::Queue").items():
            if policy := properties.get("RedrivePolicy"):
                self.queues[name]["RedrivePolicy"] = json.dumps(template.value(policy))

    def function(self, FunctionName: str) -> Any:
        variables = self.variables[FunctionName.removeprefix("bridge-")]
        return {"Environment": {"Variables": {key: str(each) for key, each in variables.items()}}}

    def rule(self, Name: str) -> Any:
        return {"EventPattern": json.dumps(self.patterns[Name.removeprefix("bridge-")])}


CHECKS = (changes.variables, changes.patterns, changes.dead_letter_queues)


def findings(made: Deployment) -> list[Finding]:
    found = [result for check in CHECKS for result in check(made)]
    assert all(isinstance(each, Finding) for each in found)
    return [each for each in found if isinstance(each, Finding)]


@pytest.mark.parametrize("given", [{}, GIVEN])
def test_all_of_the_template_is_understood_and_an_unchanged_stack_is_well(
    given: dict[str, str],
) -> None:
    aws = Aws(given)  # which raises Unresolved for what isn't understood
    assert findings(aws.deployment) == []
    assert aws.variables["SweepRunsFunction"]["JETBRIDGE_CLUSTER_ARNS"] == given.get(
        "ClusterArns", ""
    )
    assert ("JETBRIDGE_TRACES_ENDPOINT" in aws.variables["FinishRunFunction"]) == bool(given)
    pattern = aws.patterns["TaskStateChangeRule"]
    assert pattern["account"] == ["123456789012"]
    assert pattern["detail"]["startedBy"] == [{"prefix": "jb-0-"}]


@pytest.fixture(scope="module")
def names() -> list[tuple[str, str]]:
    return [
        (function, key) for function, variables in Aws(GIVEN).variables.items() for key in variables
    ]


@given(some.data())
def test_each_changed_removed_or_added_variable_is_named(
    names: list[tuple[str, str]], data: some.DataObject
) -> None:
    aws = Aws(GIVEN)
    function, key = data.draw(some.sampled_from(names))
    how = data.draw(some.sampled_from(["changed", "removed", "added"]))
    match how:
        case "changed":
            aws.variables[function][key] = f"{aws.variables[function][key]}x"
        case "removed":
            del aws.variables[function][key]
        case "added":
            key = "JETBRIDGE_NEW"
            aws.variables[function][key] = "1"
    [found] = findings(aws.deployment)
    assert (found.check, found.subject) == ("variables", function)
    assert key in found.problem


def test_a_variable_of_others_is_theirs() -> None:
    aws = Aws({})
    aws.variables["StartRunFunction"]["DD_TRACE_ENABLED"] = "1"
    assert findings(aws.deployment) == []


def test_a_changed_pattern_is_named_with_the_stacks_own() -> None:
    aws = Aws({})
    aws.patterns["JobStateChangeRule"] = {"source": ["aws.batch"]}
    [found] = findings(aws.deployment)
    assert (found.check, found.subject) == ("event patterns", "JobStateChangeRule")
    assert "put-rule --name bridge-JobStateChangeRule" in found.fix
    assert "Batch Job Queue Blocked" in found.fix


@pytest.mark.parametrize(
    ("policy", "problem"),
    [
        ("", "no dead-letter queue"),
        (json.dumps({"deadLetterTargetArn": "elsewhere", "maxReceiveCount": 100}), "elsewhere"),
        (
            json.dumps(
                {
                    "deadLetterTargetArn": f"arn:aws:sqs:{ACCOUNT}:bridge-StopDeadLetters",
                    "maxReceiveCount": "3",
                }
            ),
            "after 3 attempts",
        ),
    ],
)
def test_another_dead_letter_queue_is_named(policy: str, problem: str) -> None:
    aws = Aws({})
    aws.queues["StopQueue"]["RedrivePolicy"] = policy
    [found] = findings(aws.deployment)
    assert (found.check, found.subject) == ("dead-letter queues", "StopQueue")
    assert problem in found.problem


def test_what_is_gone_is_for_other_checks_to_say() -> None:
    aws = Aws({})
    gone = raises("ResourceNotFoundException")
    vars(aws.deployment.aws).update(
        functions=answers(get_function_configuration=gone), events=answers(describe_rule=gone)
    )
    del aws.queues["StopQueue"]
    assert findings(aws.deployment) == []


@pytest.mark.parametrize(
    "expression",
    [
        {"Fn::ImportValue": "x"},
        {"Ref": "Nothing"},
        {"Fn::GetAtt": "StartRunFunction.Arn"},
        {"Fn::Select": [9, {"Fn::Split": ["-", "a-b"]}]},
        {"Fn::If": ["Nothing", 1, 2]},
        {"Fn::Join": [",", [{"a": 1}]]},
        {"Ref": "x", "Fn::Sub": "y"},
    ],
)
def test_what_is_not_known_is_not_guessed(expression: Any) -> None:
    with pytest.raises(Unresolved):
        Template(Aws({}).deployment).value(expression)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ({"Fn::Sub": "${AWS::Region}-${!Literal}-${Own}"}, None),
        (
            {"Fn::Sub": ["${!Literal}-${Own}", {"Own": {"Ref": "AWS::StackName"}}]},
            "${Literal}-bridge",
        ),
        ({"Fn::Join": [".", ["a", {"Ref": "AWS::NoValue"}, 1]]}, "a.1"),
        ({"a": {"Ref": "AWS::NoValue"}, "b": True}, {"b": True}),
        ({"Fn::Or": [{"Fn::Equals": [1, 2]}, {"Fn::Not": [{"Fn::Equals": [1, 2]}]}]}, True),
        ({"Fn::Sub": "arn:${AWS::Partition}:${AWS::URLSuffix}"}, "arn:aws:amazonaws.com"),
    ],
)
def test_values_are_those_of_cloudformations_reference(expression: Any, value: Any) -> None:
    template = Template(Aws({}).deployment)
    if value is None:
        with pytest.raises(Unresolved):
            template.value(expression)
    else:
        assert template.value(expression) == value
