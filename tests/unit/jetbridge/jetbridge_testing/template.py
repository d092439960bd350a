"""template.yaml as data: intrinsic functions in their long form ({"Ref": …}, {"Fn::…": …})."""

from functools import cache
from pathlib import Path
from typing import Any

from cfnlint.decode import cfn_yaml  # type: ignore[import-untyped]

ROOT = Path(__file__).resolve().parents[4]


@cache
def template() -> dict[str, Any]:
    loaded: dict[str, Any] = cfn_yaml.load(str(ROOT / "template.yaml"))
    return loaded


def resources(kind: str) -> dict[str, dict[str, Any]]:
    """The resources of one CloudFormation type, by logical id."""
    found = template()["Resources"]
    return {name: item for name, item in found.items() if item["Type"] == kind}
