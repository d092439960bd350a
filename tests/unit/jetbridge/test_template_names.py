"""template.yaml: names that fit AWS's limits, whatever the stack's name."""

import json
from contextlib import nullcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jetbridge_testing.template import FUNCTIONS, resources, template

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
