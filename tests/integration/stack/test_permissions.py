"""The deployed policies allow what is asked of AWS, and nothing that nobody asks for.

All requests of this folder's tests have been recorded with IAM's decisions by then: these tests run
last, and only with all the others.
"""

import json
import os
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from asked import Asked, Request, statement_allows, without
from deployed import Deployed
from operating import NO_TABLE

from jetbridge_local.authorization import Check
from jetbridge_local.demo.paths import in_repository
from jetbridge_local.ministack_seam.identities import allowed_by

TESTS = Path(__file__).parents[2]
STATEMENTS = [
    (policy, sid)
    for policy, names in tomllib.loads((TESTS / "statements.toml").read_text()).items()
    for sid in names
]
ELSEWHERE = tomllib.loads((TESTS / "proven_elsewhere.toml").read_text())
SECOND_OPINION = in_repository().environment("second-opinion")
JUDGE = TESTS / "second_opinion" / "judge.mjs"


@pytest.fixture(scope="module")
def asked(deployed: Deployed, request: pytest.FixtureRequest) -> Asked:
    here = {path.stem for path in Path(__file__).parent.glob("test_*.py")}
    run = {item.path.stem for item in request.session.items}
    if not here <= run:
        pytest.skip(f"needs what the others ask for: {', '.join(sorted(here - run))}")
    return Asked(deployed)


def test_nothing_that_is_asked_for_is_denied(asked: Asked) -> None:
    denied = {
        request.message or str(request)
        for request in asked.requests
        # What tests break on purpose, by the name of a table that isn't there.
        if not request.allowed
        and not request.check.resource.endswith(f"/{NO_TABLE}")
        and ":user/" not in request.principal
    }
    assert not denied, "\n".join(sorted(denied))


@pytest.mark.parametrize(("policy", "sid"), STATEMENTS, ids=[".".join(each) for each in STATEMENTS])
def test_statement_is_needed(asked: Asked, policy: str, sid: str) -> None:
    """Every action that it allows is used, and without it something is denied."""
    document = asked.document(policy)
    found = [each for each in document["Statement"] if each.get("Sid") == sid]
    assert found, f"{policy} has no statement {sid}: what it allowed is denied"
    [statement] = found
    requests = [each for each in asked.of(asked.name_of(policy)) if each.allowed]
    used = {each.check.action for each in requests if statement_allows(statement, each)}
    listed = statement["Action"]
    allowed = {listed} if isinstance(listed, str) else set(listed)
    elsewhere = set(ELSEWHERE.get(f"{policy}.{sid}", {}).get("actions", ()))
    unused = allowed - used - elsewhere
    assert not unused, f"{policy}, statement {sid}: {unused} is allowed and not used"
    if allowed <= elsewhere:
        return
    others = [without(document, sid), *_besides(asked, policy, document)]
    lost = [each for each in requests if not allowed_by(others, each.principal, each.check)]
    assert lost, f"{policy}: without the statement {sid} nothing is denied"


def _besides(asked: Asked, policy: str, document: dict[str, Any]) -> list[dict[str, Any]]:
    """What else a user has; a role has one document."""
    if policy != "AirflowPolicy":
        return []
    return [each for each in asked.documents[asked.name_of(policy)] if each != document]


def test_a_second_evaluator_agrees(asked: Asked) -> None:
    """@cloud-copilot/iam-simulate decides every kind of request that was asked, and changed ones
    that should be denied, as the local cloud does."""
    if not (SECOND_OPINION / "ready").exists():
        assert "CI" not in os.environ, "make test-integration installs the second evaluator"
        pytest.skip("make test-integration installs the second evaluator")
    questions = [
        each
        for request in asked.distinct()
        if request.name in asked.documents
        for each in (request, *_changed(request))
    ]
    ours, lines = [], []
    for each in questions:
        documents = asked.documents[each.name]
        ours.append(allowed_by(documents, each.principal, each.check))
        lines.append(json.dumps(_question(each, documents)))
    theirs = _second_opinion(lines)
    differ = [
        f"{each.principal} {each.check}: here {mine}, there {other}"
        for each, mine, other in zip(questions, ours, theirs, strict=True)
        if (other == "Allowed") != mine or other.startswith("error")
    ]
    assert not differ, "\n".join(differ[:20])
    assert True in ours
    assert False in ours
    print(f"\n{len(ours)} requests, {ours.count(False)} of them denied, by both evaluators alike")


def _changed(request: Request) -> Iterator[Request]:
    """The request for another resource, by each other value of a condition key, and without it."""
    check = request.check
    if check.resource != "*":
        yield _with(request, resource=f"{check.resource}-other")
    for key, value in check.context.items():
        other = ("other#other",) if isinstance(value, tuple) else "other#other"
        yield _with(request, context={**check.context, key: other})
        yield _with(request, context={k: v for k, v in check.context.items() if k != key})


def _with(request: Request, **changes: Any) -> Request:
    given = {
        "action": request.check.action,
        "resource": request.check.resource,
        "context": request.check.context,
    }
    return Request(request.principal, Check(**(given | changes)), False, "")


def _question(request: Request, documents: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "principal": request.principal,
        "action": request.check.action,
        "resource": request.check.resource,
        "context": dict(request.check.context),
        "identity": documents,
        "boundary": [],
    }


def _second_opinion(lines: list[str]) -> list[str]:
    answered = subprocess.run(
        [str(SECOND_OPINION / "node"), str(JUDGE), str(SECOND_OPINION)],
        input="\n".join(lines) + "\n",
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    return answered.stdout.splitlines()
