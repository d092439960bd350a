"""template.yaml as data: intrinsic functions in their long form ({"Ref": …}, {"Fn::…": …})."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).resolve().parents[4]


@cache
def template() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text())
    return loaded


def resources(kind: str) -> dict[str, dict[str, Any]]:
    """The resources of one CloudFormation type, by logical id."""
    found = template()["Resources"]
    return {name: item for name, item in found.items() if item["Type"] == kind}


FUNCTIONS = resources("AWS::Serverless::Function")


QUEUES = resources("AWS::SQS::Queue")


ALARMS = resources("AWS::CloudWatch::Alarm")


RULES = resources("AWS::Events::Rule")


GLOBALS = template()["Globals"]["Function"]


def get_att(value: Any) -> str:
    """The logical id of a GetAtt or Ref."""
    found = value.get("Fn::GetAtt", [value.get("Ref")])[0]
    assert isinstance(found, str), value
    return found


def alarmed(namespace: str, metric: str, dimension: str) -> set[str]:
    """Logical ids of what has an alarm on a metric."""
    return {
        get_att(item["Value"])
        for alarm in ALARMS.values()
        if alarm["Properties"]["Namespace"] == namespace
        and alarm["Properties"]["MetricName"] == metric
        for item in alarm["Properties"]["Dimensions"]
        if item["Name"] == dimension
    }


ROLES = resources("AWS::IAM::Role")


def granted(role: dict[str, Any]) -> list[Any]:
    """The statements of a role of the template, those that a condition adds as ``Fn::If``."""
    [policy] = role["Properties"]["Policies"]
    written: list[Any] = policy["PolicyDocument"]["Statement"]
    return written


def role_of(function: str) -> str:
    """The logical id of a function's role."""
    return get_att(FUNCTIONS[function]["Properties"]["Role"])


def statements(function: str) -> Iterator[dict[str, Any]]:
    """What a function's role allows, the statements that a condition adds among them."""
    for statement in granted(ROLES[role_of(function)]):
        yield statement["Fn::If"][1] if "Fn::If" in statement else statement


def actions(function: str) -> set[str]:
    actions: set[str] = set()
    for statement in statements(function):
        action = statement["Action"]
        actions |= {action} if isinstance(action, str) else set(action)
    return actions


def translated(path: Path = ROOT / "template.yaml") -> dict[str, Any]:
    """A template as CloudFormation gets it from SAM, in the region of AWS_DEFAULT_REGION."""
    # Most tests read the template alone, and the translator takes a second to import.
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator

    loaded = yaml_parse(path.read_text())
    for item in loaded["Resources"].values():
        place = {
            "AWS::Serverless::LayerVersion": "ContentUri",
            "AWS::Serverless::Function": "CodeUri",
        }.get(item["Type"])
        if place:
            item["Properties"][place] = "s3://bucket/key"
    result: dict[str, Any] = Translator({}, Parser()).translate(loaded, {})
    return result
