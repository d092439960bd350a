"""template.yaml: each statement of a policy is named in tests/statements.toml, and proven."""

import re
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from jetbridge_testing.template import ROLES, ROOT, granted, resources

TESTS = ROOT / "tests"
STATEMENTS = tomllib.loads((TESTS / "statements.toml").read_text())
# Of actions that no test of the deployed stack takes: by policy and statement, which they are, the
# test that takes them, and why.
ELSEWHERE = tomllib.loads((TESTS / "proven_elsewhere.toml").read_text())
NAMED = [(policy, sid) for policy, sids in STATEMENTS.items() for sid in sids]
EXCEPTIONS = [(policy, sid) for policy, sids in ELSEWHERE.items() for sid in sids]


def _written(policy: str) -> dict[str, dict[str, Any]]:
    """The statements of a role or managed policy by name, those of a condition among them."""
    if policy in ROLES:
        listed = granted(ROLES[policy])
    else:
        managed = resources("AWS::IAM::ManagedPolicy")[policy]
        listed = managed["Properties"]["PolicyDocument"]["Statement"]
    plain = [each["Fn::If"][1] if "Fn::If" in each else each for each in listed]
    return {each["Sid"]: each for each in plain}


def _policies() -> Iterator[str]:
    yield from ROLES
    yield from resources("AWS::IAM::ManagedPolicy")


@pytest.mark.parametrize(("policy", "sid"), NAMED, ids=[".".join(each) for each in NAMED])
def test_no_statement_is_missing(policy: str, sid: str) -> None:
    assert sid in _written(policy), f"{policy} has no statement {sid}: what it allowed is denied"


@pytest.mark.parametrize("policy", _policies())
def test_no_statement_is_unproven(policy: str) -> None:
    unproven = _written(policy).keys() - set(STATEMENTS.get(policy, ()))
    assert not unproven, f"tests/statements.toml lacks {policy}'s {', '.join(sorted(unproven))}"


@pytest.mark.parametrize(("policy", "sid"), EXCEPTIONS, ids=[".".join(each) for each in EXCEPTIONS])
def test_what_is_proven_elsewhere_is_there(policy: str, sid: str) -> None:
    entry = ELSEWHERE[policy][sid]
    action = _written(policy)[sid]["Action"]
    assert set(entry["actions"]) <= set([action] if isinstance(action, str) else action)
    file, _, name = entry["test"].partition("::")
    text = (ROOT / file).read_text()
    assert re.search(rf"^def {name}\(", text, re.MULTILINE), f"{file} has no test {name}"
    assert entry["because"].strip().endswith(".")
