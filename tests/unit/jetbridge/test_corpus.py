"""The corpus of events/: what each sample and each refusal of AWS's means."""

from typing import Any

import pytest
from jetbridge_testing.samples import (
    DEFINITIONS,
    STATE_CHANGES,
    change,
    launched_run,
    new_run,
    sample,
)

from jetbridge.contract import Cause
from jetbridge.failures import POLICY, Decision, judge, next_launch
from jetbridge.runs.reports import Ending

CORPUS = sample("corpus")
ENDINGS: dict[str, dict[str, str]] = CORPUS["state_changes"]
REFUSALS: list[dict[str, str]] = CORPUS["refused_launches"]
NEVER_SEEN = {Cause.LOST}
NOW = 1_772_323_300.0


@pytest.mark.parametrize("name", ENDINGS)
def test_state_change(name: str) -> None:
    found = change(name)
    assert found.ending is not None
    verdict = judge(found.ending, DEFINITIONS[found.backend])
    expected = ENDINGS[name]
    assert {"state": verdict.state, "cause": verdict.cause, "fault": verdict.fault} == {
        key: expected[key] for key in ("state", "cause", "fault")
    }
    assert bool(verdict.advice) == (verdict.fault not in ("nobody", "user"))
    run = launched_run(f"airflow_{found.backend}")
    assert (next_launch(run, found.ending, NOW) is None) == (expected["decision"] == "fail")
    assert POLICY[verdict.cause].decision == expected["decision"]


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda r: f"{r['code']}-{r['message']}"[:60])
def test_refused_launch(refusal: dict[str, str]) -> None:
    ending = Ending(code=refusal["code"], reason=refusal["message"])
    verdict = judge(ending)
    assert (verdict.state, verdict.cause, verdict.fault) == (
        "failed",
        refusal["cause"],
        refusal["fault"],
    )
    run = new_run("airflow_ecs" if refusal["call"] == "RunTask" else "airflow_batch")
    assert (next_launch(run, ending, NOW) is None) == (refusal["decision"] == "fail")


def test_corpus_is_large_and_whole() -> None:
    assert len(STATE_CHANGES) >= 60
    children = {"batch_array_child_failed"}
    ending = {n for n in STATE_CHANGES if n not in children and change(n).ending is not None}
    assert ending == ENDINGS.keys()
    seen = {entry["cause"] for entry in [*ENDINGS.values(), *REFUSALS]}
    assert seen == set(Cause) - NEVER_SEEN


def test_every_cause_has_a_policy() -> None:
    assert POLICY.keys() == set(Cause)
    for cause, policy in POLICY.items():
        relaunches = policy.decision is not Decision.FAIL
        assert relaunches == (0 < policy.back_off <= policy.longest), cause
        assert not relaunches or policy.fault == "platform", cause


@pytest.mark.parametrize("name", [name for name in ENDINGS if name.startswith("ecs")])
def test_no_ending_without_its_exit_codes_is_a_success(name: str) -> None:
    ending: Any = change(name).ending
    bare = [type(end)(name=end.name, reason=end.reason) for end in ending.containers]
    stripped = type(ending)(code=ending.code, reason=ending.reason, containers=bare)
    assert judge(stripped, DEFINITIONS["ecs"]).state != "succeeded"
