"""The deployed policies allow what is asked of AWS and nothing else, and two evaluators agree.

All requests of this folder's tests have been recorded with IAM's decisions by then: these tests run
last, and only with all the others. ``JETBRIDGE_ASKED`` names a file for the record: if it doesn't
exist, it is written, whatever tests have run. If it exists, these tests read it and need no others.
"""

import json
import os
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from asked import Asked, Request
from operating import NO_TABLE

from jetbridge_local.airflow_user import NAME as AIRFLOW
from jetbridge_local.authorization import Check
from jetbridge_local.ministack_seam.identities import allowed_by
from jetbridge_local.site.paths import in_repository

TESTS = Path(__file__).parents[2]
SECOND_OPINION = in_repository().environment("second-opinion")
JUDGE = TESTS / "second_opinion" / "judge.mjs"
# What tests/unit/jetbridge/test_template_statements.py holds against the template.
STATEMENTS = [
    (policy, sid)
    for policy, sids in tomllib.loads((TESTS / "statements.toml").read_text()).items()
    for sid in sids
]
# They deploy stacks of their own, whose requests aren't looked at here (suites/plan.py).
OWN_STACKS = {"test_deploys", "test_update", "test_verify"}
ELSEWHERE = tomllib.loads((TESTS / "proven_elsewhere.toml").read_text())


@pytest.fixture(scope="module")
def asked(request: pytest.FixtureRequest) -> Asked:
    kept = os.environ.get("JETBRIDGE_ASKED", "")
    if kept and Path(kept).exists():
        return Asked.saved(Path(kept))
    here = {path.stem for path in Path(__file__).parent.glob("test_*.py")} - OWN_STACKS
    run = {item.path.stem for item in request.session.items}
    if not here <= run and not kept:
        pytest.skip(f"needs what the others ask for: {', '.join(sorted(here - run))}")
    found = Asked.of(request.getfixturevalue("deployed"), {"AirflowPolicy": AIRFLOW})
    if kept:
        found.save(Path(kept))
    return found


def test_nothing_that_is_asked_for_is_denied(asked: Asked) -> None:
    denied = {
        request.message or str(request)
        for request in asked.requests
        if not request.allowed and not _on_purpose(request, asked)
    }
    assert not denied, "\n".join(sorted(denied))


@pytest.mark.parametrize(("policy", "sid"), STATEMENTS, ids=[".".join(each) for each in STATEMENTS])
def test_statement_is_needed(asked: Asked, policy: str, sid: str) -> None:
    """Each action that it allows was used, and would have been denied without it."""
    elsewhere = set(ELSEWHERE.get(policy, {}).get(sid, {}).get("actions", ()))
    known = asked.policies[policy]
    actions = known.actions(sid)
    if actions is None:
        assert elsewhere, f"{policy} has no statement {sid}: what it allowed is denied"
        return
    unneeded = {
        action
        for action in actions
        if action not in elsewhere and next(asked.needing(known, sid, action), None) is None
    }
    assert not unneeded, f"{policy}, statement {sid}: nobody needs {', '.join(sorted(unneeded))}"


def test_no_policy_is_left_out(asked: Asked) -> None:
    assert asked.policies.keys() == {policy for policy, _ in STATEMENTS}


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


def _on_purpose(request: Request, asked: Asked) -> bool:
    """Whether a test broke it: by a table that doesn't exist, as a user without the right, by a
    queue that lets no rule send to it for a while (``Operator.closed``), or by a role without its
    policy for a while, whose function a schedule called meanwhile (``role_emptied``)."""
    closed = not request.name and any(
        other.allowed and (other.principal, other.check) == (request.principal, request.check)
        for other in asked.requests
    )
    emptied = "no identity-based policy" in request.message and allowed_by(
        asked.documents.get(request.name, []), request.principal, request.check
    )
    no_table = request.check.resource.endswith(f"/{NO_TABLE}")
    return closed or emptied or no_table or ":user/" in request.principal


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
    account = request.principal.split(":")[4]
    return {
        "principal": request.principal,
        "action": request.check.action,
        "resource": request.check.resource,
        "context": dict(request.check.context),
        "identity": documents,
        "boundary": [],
        "resourcePolicy": _key_policy(account) if ":kms:" in request.check.resource else None,
    }


def _key_policy(account: str) -> dict[str, Any]:
    """What a new key has. Without it, no IAM policy gives a right to the key (AWS KMS developer
    guide, "Default key policy")."""
    root = {"AWS": f"arn:aws:iam::{account}:root"}
    statement = {"Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


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
