"""The templates in each partition: translated by SAM, linted by cfn-lint, no ARN of only one."""

import json
from collections.abc import Iterator, Set
from pathlib import Path
from typing import Any

import pytest
from jetbridge_testing.template import ROOT, translated

REGIONS = {"aws": "eu-central-1", "aws-us-gov": "us-gov-west-1", "aws-cn": "cn-north-1"}
# What persons read, and patterns of what they give.
WORDS = {"Description", "ConstraintDescription", "AllowedPattern", "AssertDescription", "ZipFile"}
TEMPLATES = [
    ROOT / "template.yaml",
    ROOT / "examples" / "template.yaml",
    ROOT / "examples" / "another-airflow.yaml",
    *(
        each
        for each in sorted((ROOT / "examples" / "quickstart").glob("*.yaml"))
        if "AWSTemplateFormatVersion" in each.read_text()
    ),
]
# What aws-cdk's region-info says of the principals of services: these have one name everywhere, and
# CloudWatch Logs has one for each region and partition.
EVERYWHERE = {"batch", "ecs", "ecs-tasks", "events", "lambda", "scheduler"}
OF_A_REGION = {"Fn::Sub": "logs.${AWS::Region}.${AWS::URLSuffix}"}
# What `sam build` and the translator's own stand-ins for code leave.
UNLINTED = {"W3002"}


def lint(template: dict[str, Any], region: str, ignored: Set[str] = frozenset()) -> list[str]:
    """What cfn-lint finds. It takes seconds to import, so only the tests that lint do that."""
    from cfnlint.api import lint as problems
    from cfnlint.config import ManualArgs

    arguments = ManualArgs(ignore_checks=list(ignored))
    return [str(each) for each in problems(json.dumps(template), None, [region], arguments)]


def _texts(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name not in WORDS:
                yield from _texts(inner, (*path, str(name)))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _texts(inner, (*path, str(number)))
    elif isinstance(value, str):
        yield path, value


@pytest.mark.parametrize("partition", ["aws", "aws-us-gov", "aws-cn"])
@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_translates(path: Path, partition: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGIONS[partition])
    for place, text in _texts(translated(path)):
        # SAM itself writes the partition of the region that it translates in.
        for other in REGIONS.keys() - {partition}:
            assert f"arn:{other}:" not in text, "/".join(place)
        assert "amazonaws.com.cn" not in text, "/".join(place)


# A minute of cfn-lint. In a push `make check` lints the same templates, for the first partition.
@pytest.mark.nightly
@pytest.mark.parametrize("partition", ["aws", "aws-us-gov", "aws-cn"])
@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_lints(path: Path, partition: str, monkeypatch: pytest.MonkeyPatch) -> None:
    region = REGIONS[partition]
    monkeypatch.setenv("AWS_DEFAULT_REGION", region)
    assert lint(translated(path), region, UNLINTED) == []


@pytest.mark.nightly
def test_the_linter_finds_what_is_wrong() -> None:
    template = {"Resources": {"Function": {"Type": "AWS::Lambda::Function", "Properties": {}}}}
    assert lint(template, "cn-north-1")


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_arn_names_a_partition(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """This holds for our own texts, in whatever region the template is translated."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGIONS["aws-cn"])
    named = [(place, text) for place, text in _texts(translated(path)) if "arn:aws:" in text]
    assert named == []


def _principals(value: Any) -> Iterator[Any]:
    """Services that policies and permissions name."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in ("Service", "iam:PassedToService"):
                yield from inner if isinstance(inner, list) else [inner]
            elif name == "Principal" and (isinstance(inner, str) or "Fn::Sub" in inner):
                yield inner
            else:
                yield from _principals(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _principals(inner)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_services_have_their_names_of_each_partition(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGIONS["aws-cn"])
    known = [f"{service}.amazonaws.com" for service in EVERYWHERE]
    for principal in _principals(translated(path)["Resources"]):
        assert principal in known or principal == OF_A_REGION
