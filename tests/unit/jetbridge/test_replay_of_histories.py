"""Rows and outcomes that release 0.1 wrote, played through today's code."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from jetbridge.aws.items import marshal
from jetbridge.contract import Cause, Fault, Outcome, State, decode
from jetbridge.contract.stop import StopCause
from jetbridge.outcomes.replay import Replay, replayed
from jetbridge.runs.item import from_item
from jetbridge.runs.run import Run, Stop

# histories/record_0_1.py writes it.
RECORDED = json.loads((Path(__file__).parent / "histories" / "0.1.json").read_text())
HISTORIES: dict[str, dict[str, Any]] = {each["name"]: each for each in RECORDED}
# 0.1 didn't write down which containers decide. A change of the rules that decides an old history
# otherwise is named here, with its reason.
DIFFER = {"ecs_two_containers": ["containers that decide"]}
RELAUNCHED = [name for name, each in HISTORIES.items() if each["outcome"].get("deaths")]


def recorded(name: str) -> tuple[Run, Outcome]:
    history = HISTORIES[name]
    return from_item(marshal(history["row"])), decode(Outcome, history["outcome"])


def differing(replay: Replay) -> list[str]:
    return [each.what for each in replay.differences]


@pytest.mark.parametrize("name", HISTORIES)
def test_a_history_of_the_release_before_is_decided_as_it_was(name: str) -> None:
    replay = replayed(*recorded(name))
    assert differing(replay) == DIFFER.get(name, [])
    assert replay.unplayed == []
    assert (replay.stored_policy, len(replay.decisions) >= 7) == (1, True)


def test_the_histories_are_many() -> None:
    assert len(HISTORIES) >= 60
    assert len(RELAUNCHED) >= 15
    assert {each["outcome"]["cause"] for each in RECORDED} >= {
        "completed",
        "application_exit",
        "misconfiguration",
        "image_not_found",
        "out_of_memory",
        "stopped_by_user",
    }


@given(st.sampled_from(sorted(HISTORIES)), st.data())
def test_what_was_decided_otherwise_is_said(name: str, data: st.DataObject) -> None:
    run, outcome = recorded(name)
    field = data.draw(st.sampled_from(["state", "cause", "fault"]))
    kind: Any = {"state": State, "cause": Cause, "fault": Fault}[field]
    other = data.draw(st.sampled_from([each for each in kind if each != getattr(outcome, field)]))
    replay = replayed(run, replace(outcome, **{field: other}))
    assert differing(replay) == [field, *DIFFER.get(name, [])]
    [found] = [each for each in replay.differences if each.what == field]
    assert (found.stored, found.today) == (other, getattr(outcome, field))


@pytest.mark.parametrize("name", RELAUNCHED)
def test_another_cause_and_another_back_off_of_an_earlier_launch_are_said(name: str) -> None:
    run, outcome = recorded(name)
    [death] = run.deaths
    lost = replace(run, deaths=[replace(death, cause=Cause.LOST)])
    assert "launch 1: cause" in differing(replayed(lost, outcome))
    assert run.not_before is not None
    later = replace(run, not_before=run.not_before + 7)
    assert "launch 1: seconds until the next launch" in differing(replayed(later, outcome))


def test_a_launch_that_would_not_be_replaced_today_is_said() -> None:
    run, outcome = recorded("ecs_host_terminated")
    [death] = run.deaths
    wrong = replace(run, deaths=[replace(death, reason="CannotStartContainerError: exec failed")])
    assert "launch 1: what follows" in differing(replayed(wrong, outcome))


def test_an_end_that_today_another_launch_would_follow_is_said() -> None:
    run, _ = recorded("ecs_host_terminated")
    _, ended = recorded("ecs_stopped_exit_3")
    [death] = run.deaths
    assert run.ending is not None
    ending = replace(run.ending, reason=death.reason, code="", containers=[])
    died = replace(run, launch=1, deaths=[], ending=ending)
    assert "launch 1: what follows" in differing(replayed(died, ended))


def test_words_that_name_no_cause_are_not_judged() -> None:
    run, outcome = recorded("ecs_host_terminated")
    [death] = run.deaths
    replay = replayed(replace(run, deaths=[replace(death, reason="gone")]), outcome)
    assert (differing(replay), len(replay.unplayed)) == ([], 1)
    assert "host_loss" in replay.unplayed[0]


def test_a_stop_that_came_after_an_earlier_launch_died_does_not_decide_about_that() -> None:
    run, outcome = recorded("ecs_host_terminated")
    stopped = replace(run, stop=Stop(cause=StopCause.STOPPED_BY_USER, reason="enough"))
    assert differing(replayed(stopped, outcome)) == []


def test_a_result_that_could_not_be_read_is_not_judged() -> None:
    run, outcome = recorded("ecs_stopped_exit_0")
    needs = replace(run, request=replace(run.request, result_required=True))
    unread = replace(outcome, state=State.FAILED, cause=Cause.MISCONFIGURATION)
    replay = replayed(needs, unread)
    assert (differing(replay), len(replay.unplayed)) == ([], 1)


def test_a_row_without_an_end_is_said() -> None:
    run, outcome = recorded("ecs_stopped_exit_0")
    replay = replayed(replace(run, ending=None), outcome)
    assert (replay.decisions, len(replay.unplayed)) == ([], 1)
