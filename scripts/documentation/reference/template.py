"""The stack's parameters, outputs and alarms, from template.yaml."""

from collections.abc import Iterator
from typing import Any

import yaml

from documentation.pages import ROOT
from documentation.reference.markdown import NOTE, table


class Loader(yaml.SafeLoader):
    """CloudFormation's tags become ``{tag: value}``, as in its long form."""


def _tagged(loader: yaml.SafeLoader, tag: str, node: yaml.Node) -> dict[str, object]:
    value: object
    if isinstance(node, yaml.MappingNode):
        value = loader.construct_mapping(node, deep=True)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_scalar(node)
    return {tag: value}


Loader.add_multi_constructor("!", _tagged)


def parameters_page() -> str:
    template = yaml.load((ROOT / "template.yaml").read_text(), Loader=Loader)  # nosec B506 # a SafeLoader
    parameters = [
        (f"`{name}`", _description(item), _default(item), _allowed(item))
        for name, item in template["Parameters"].items()
    ]
    outputs = [(f"`{name}`", _description(item)) for name, item in template["Outputs"].items()]
    rules = [
        (f"`{name}`", assertion["AssertDescription"])
        for name, rule in template["Rules"].items()
        for assertion in rule["Assertions"]
    ]
    return "\n\n".join(
        [
            "# Stack parameters, outputs and alarms",
            "This page lists every parameter, output and alarm of Jetbridge's CloudFormation "
            f"stack, as template.yaml has them. {NOTE} What to set first is in "
            "[Deploy](../how-to/deploy.md).",
            "## Parameters",
            table(["parameter", "for", "default", "allowed"], parameters),
            "## Parameters that belong together",
            "CloudFormation refuses a deployment that breaks one of these rules, with this text:",
            table(["rule", "what CloudFormation says"], rules),
            "## Outputs",
            table(["output", "what it is"], outputs),
            "## Alarms",
            "All alarms notify the SNS topic in `AlarmTopicArn`. What to do about each is in "
            "[Operations](operations.md#alarms).",
            table(["alarm", "rings when", "metric"], _alarms(template["Resources"])),
            "",
        ]
    )


def _description(item: dict[str, Any]) -> str:
    return str(item.get("Description", ""))


def _default(item: dict[str, Any]) -> str:
    default = item.get("Default", "")
    return f"`{default}`" if str(default) else "empty"


def _allowed(item: dict[str, Any]) -> str:
    if "AllowedValues" in item:
        return ", ".join(f"`{value}`" for value in item["AllowedValues"])
    if "MinValue" in item:
        return (
            f"{item['MinValue']} or more"
            if "MaxValue" not in item
            else (f"{item['MinValue']} to {item['MaxValue']}")
        )
    return str(item.get("ConstraintDescription", ""))


def _alarms(resources: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    for name, resource in sorted(resources.items()):
        if resource["Type"] == "AWS::CloudWatch::Alarm":
            properties = resource["Properties"]
            yield f"`{name}`", _text(properties.get("AlarmDescription")), _metric(properties)


def _text(value: object) -> str:
    """A description, whose functions are shown as CloudFormation's long form has them."""
    if isinstance(value, dict):
        [text] = value.values()
        return _text(text[0] if isinstance(text, list) else text)
    return str(value or "")


def _metric(properties: dict[str, Any]) -> str:
    names = [properties.get("MetricName")]
    names += [
        query.get("MetricStat", {}).get("Metric", {}).get("MetricName")
        for query in properties.get("Metrics", [])
    ]
    return ", ".join(f"`{name}`" for name in dict.fromkeys(names) if isinstance(name, str))
