"""template.yaml: names that fit AWS's limits, whatever the stack's name."""

import json
import re
from contextlib import nullcontext
from fnmatch import fnmatchcase
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jetbridge_testing.template import FUNCTIONS, ROOT, resources, template

from airflow_provider_jetbridge.stack import function_prefix

# CloudFormation's rule (API reference, CreateStack).
STACKS = st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,127}", fullmatch=True)
SUFFIXES = [
    item["Properties"]["FunctionName"]["Fn::Sub"].removeprefix("${Names.Prefix}")
    for item in FUNCTIONS.values()
]
EVENT = {
    "RequestType": "Create",
    "RequestId": "r",
    "StackId": "arn:aws:cloudformation:eu-central-1:123456789012:stack/s/0f1e",
    "LogicalResourceId": "Names",
    "ResponseURL": "https://bucket.s3.amazonaws.com/answer",
}


def _answer(stack: str) -> dict[str, Any]:
    """What the template's own function answers CloudFormation."""
    code = resources("AWS::Lambda::Function")["NamesFunction"]["Properties"]["Code"]["ZipFile"]
    module: dict[str, Any] = {}
    exec(compile(code, "index.py", "exec"), module)
    sent: list[Any] = []

    def urlopen(request: Any, timeout: float) -> Any:
        sent.append(request)
        return nullcontext(type("Response", (), {"close": lambda self: None})()).__enter__()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module["urllib"].request, "urlopen", urlopen)
        module["handler"](EVENT | {"ResourceProperties": {"StackName": stack}}, None)
    [request] = sent
    assert (request.get_method(), request.full_url) == ("PUT", EVENT["ResponseURL"])
    answer: dict[str, Any] = json.loads(request.data)
    return answer


def test_every_function_log_and_layer_begins_with_the_prefix() -> None:
    assert len(SUFFIXES) == len(FUNCTIONS)
    assert all(suffix.startswith("-") for suffix in SUFFIXES)
    # A dashboard names the metrics' dimension ``service``, whose value is the stack's name.
    named = {
        name: resource
        for name, resource in template()["Resources"].items()
        if resource["Type"] != "AWS::CloudWatch::Dashboard"
    }
    assert "${AWS::StackName}" not in json.dumps(named, default=str)


@given(STACKS)
def test_the_stack_and_the_provider_shorten_alike(stack: str) -> None:
    """CloudFormation wants these fields (user guide, "Custom resource response objects")."""
    answer = _answer(stack)
    assert answer["Status"] == "SUCCESS"
    assert all(answer[name] == EVENT[name] for name in ("StackId", "RequestId"))
    assert answer["LogicalResourceId"] == "Names"
    assert answer["Data"]["Prefix"] == answer["PhysicalResourceId"] == function_prefix(stack)


@given(STACKS)
def test_names_fit_lambda(stack: str) -> None:
    """64 characters for a function (API reference, CreateFunction), 140 for a layer
    (PublishLayerVersion)."""
    prefix = function_prefix(stack)
    assert max(len(prefix + suffix) for suffix in SUFFIXES) <= 64
    assert len(f"{prefix}-dependencies") <= 140
    assert (prefix == stack) == (len(stack) <= 49), "stacks that fit keep their names"


@given(STACKS, STACKS)
def test_two_stacks_have_two_prefixes(one: str, other: str) -> None:
    assert (function_prefix(one) == function_prefix(other)) == (one == other)


# Of names that CloudFormation makes: the stack's, the logical id, and up to 13 characters.
LONGEST = {
    "AWS::CloudWatch::Alarm": 255,
    "AWS::DynamoDB::Table": 255,
    "AWS::Events::Rule": 64,
    "AWS::SQS::Queue": 80,
}
NAMED = {
    ":alarm:": "AWS::CloudWatch::Alarm",
    ":table/": "AWS::DynamoDB::Table",
    ":rule/": "AWS::Events::Rule",
    ":sqs:": "AWS::SQS::Queue",
}


def _made(stack: str, kind: str) -> set[str]:
    """The names of a type's resources. Of a name that is too long, CloudFormation cuts the stack's
    part ("IAM Role for Custom Resource - Invoke Function Policy fails with long CF stack names",
    aws-solutions/aws-waf-security-automations#143)."""
    return {
        f"{stack[: LONGEST[kind] - 13 - 2 - len(name)]}-{name}-{'X' * 13}"
        for name in resources(kind)
    }


@given(STACKS)
def test_an_operators_policies_know_what_a_stack_with_a_long_name_has(stack: str) -> None:
    """examples/operator.yaml with what its parameter JetbridgeStack asks for."""
    given_name = stack if len(stack) <= 30 else f"{stack[:20]}*"
    text = (ROOT / "examples" / "operator.yaml").read_text()
    patterns = set(re.findall(r"arn:\S+\$\{JetbridgeStack\}\S*", text))
    known = set()
    for each in patterns:
        name = each[each.index("${JetbridgeStack}") :].partition("/index/")[0]
        pattern = name.replace("${JetbridgeStack}", given_name)
        kind = next((kind for mark, kind in NAMED.items() if mark in each), None)
        if kind is None:
            functions = {f"{function_prefix(stack)}{suffix}" for suffix in SUFFIXES}
            made = functions if ":function:" in each else {f"{stack}/uuid"}
        else:
            made = _made(stack, kind)
            known.add(kind)
        table = re.search(r"-(RunsTable|OutcomesTable)-", name)
        made = {one for one in made if table is None or table[0] in one}
        assert made
        assert {one for one in made if not fnmatchcase(one, pattern)} == set(), each
    assert known == set(LONGEST)
