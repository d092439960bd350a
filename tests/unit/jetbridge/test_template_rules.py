"""template.yaml: the rules let this stack's own changes pass, and no others."""

import json
from typing import Any

import pytest
from jetbridge_testing.samples import STACK_KEY, STATE_CHANGES, event, sample
from jetbridge_testing.template import (
    RULES,
)


def _filled(pattern: Any) -> Any:
    """The pattern with the stack's own values filled in."""
    text = json.dumps(pattern)
    assert "jb-${StackKey}-" in text
    return _fill(pattern)


def _fill(value: Any) -> Any:
    if isinstance(value, dict):
        if value == {"Ref": "AWS::AccountId"}:
            return "123456789012"
        if "Fn::Sub" in value:
            return f"jb-{STACK_KEY}-"
        return {name: _fill(inner) for name, inner in value.items()}
    return [_fill(inner) for inner in value] if isinstance(value, list) else value


def _matches(pattern: dict[str, Any], value: Any) -> bool:
    """EventBridge's rule for the operators that the template uses: equality, prefix, exists, $or
    (Amazon EventBridge user guide, "Comparison operators for use in event patterns")."""
    for name, wanted in pattern.items():
        if name == "$or":
            if not any(_matches(choice, value) for choice in wanted):
                return False
            continue
        found = value.get(name) if isinstance(value, dict) else None
        if isinstance(wanted, dict):
            if not _matches(wanted, found):
                return False
        elif not any(_accepts(choice, found) for choice in wanted):
            return False
    return True


def _accepts(choice: Any, found: Any) -> bool:
    if isinstance(choice, dict) and "exists" in choice:
        return (found is not None) is choice["exists"]
    if isinstance(choice, dict):
        return isinstance(found, str) and found.startswith(choice["prefix"])
    return bool(choice == found)


@pytest.mark.parametrize("name", STATE_CHANGES)
def test_rules_let_each_sample_pass_once_but_array_children(name: str) -> None:
    passed = [
        rule
        for rule, item in RULES.items()
        if _matches(_filled(item["Properties"]["EventPattern"]), event(name))
    ]
    ours = "TaskStateChangeRule" if name.startswith("ecs") else "JobStateChangeRule"
    assert passed == ([] if name == "batch_array_child_failed" else [ours])


@pytest.mark.parametrize("name", ["ecs_stopped_exit_0", "batch_succeeded"])
def test_rules_keep_other_stacks_and_accounts_out(name: str) -> None:
    foreign = event(name) | {"account": "999999999999"}
    other = event(name)
    for field in ("startedBy", "jobName"):
        if field in other["detail"]:
            other["detail"][field] = other["detail"][field].replace(STACK_KEY, "ffffffff")
    for item in RULES.values():
        pattern = _filled(item["Properties"]["EventPattern"])
        assert not _matches(pattern, foreign)
        assert not _matches(pattern, other)


def test_a_second_running_event_before_the_stop_is_filtered_out() -> None:
    pattern = _filled(RULES["TaskStateChangeRule"]["Properties"]["EventPattern"])
    running = event("ecs_running")
    assert _matches(pattern, running)
    assert not _matches(
        pattern, running | {"detail": running["detail"] | {"desiredStatus": "STOPPED"}}
    )
    assert not _matches(
        pattern, running | {"detail": running["detail"] | {"lastStatus": "PENDING"}}
    )


def test_what_blocks_a_job_queue_passes() -> None:
    blocked = sample("batch_job_queue_blocked")
    passed = [
        rule
        for rule, item in RULES.items()
        if _matches(_filled(item["Properties"]["EventPattern"]), blocked)
    ]
    assert passed == ["JobStateChangeRule"]
