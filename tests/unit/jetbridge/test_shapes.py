"""What AWS's sentences mean, whatever the names in them are: the shapes of events/shapes.json."""

import json
import re
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jetbridge_testing.samples import DEFINITIONS, STACK_KEY, change, event, sample
from jetbridge_testing.shapes import CALLS, ORDINARY, SHAPES, SOURCES, Case, case, named

from jetbridge.backends.changes import from_event
from jetbridge.contract import Cause
from jetbridge.failures import judge
from jetbridge.failures.sentences import SENTENCES

CAUSES = {n: shape["cause"] for n, shape in enumerate(SHAPES)}
# Words of AWS's sentences that somebody may call an image, a job or a reason.
HOSTILE = (
    "platform",
    "denied",
    "timeout",
    "oom",
    "OutOfMemoryError",
    "not-found",
    "manifest-unknown",
    "spot",
    "SpotInterruption",
    "capacity",
    "MISSING",
    "LimitExceeded",
    "no-such-image",
    "toomanyrequests",
    "MISCONFIGURATION",
)
# What a person may type as the reason of a stop.
TYPED = (
    "Timeout waiting for the nightly export",
    "spot capacity is being reclaimed, moving to on-demand",
    "OOM again, more memory first",
    "Reconcile: MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT cleanup",
    "Host EC2 (instance i-0123) terminated.",
    "CannotPullContainerError: context canceled",
    "Essential container in task exited",
    "Your Spot Task was interrupted.",
)
# Each word of three letters or more in the patterns: names that come as near as names can.
VOCABULARY = sorted(
    {word for _, pattern in SENTENCES for word in re.findall(r"[A-Za-z_]{3,}", pattern)}
)


def _cause(found: Case) -> str:
    return judge(found.ending, found.definition).cause.value


def _id(number: int) -> str:
    shape = SHAPES[number]
    said = [shape.get(f, "") for f in ("code", "stopCode", "stoppedReason", "statusReason")]
    return f"{shape['on']}-{number}-" + "".join(said)[:50]


@pytest.mark.parametrize("number", CAUSES, ids=_id)
def test_shape(number: int) -> None:
    found = case(SHAPES[number])
    assert _cause(found) == CAUSES[number]
    state = judge(found.ending, found.definition).state.value
    expected = {"completed": "succeeded", "stopped_by_user": "stopped"}
    assert state == expected.get(CAUSES[number], "failed")


@pytest.mark.parametrize("word", HOSTILE)
def test_names_say_nothing(word: str) -> None:
    wrong = {
        (_id(number), _cause(case(SHAPES[number], names)))
        for number, names in product(CAUSES, (named(word), named(word, image=word.lower())))
        if _cause(case(SHAPES[number], names)) != CAUSES[number]
    }
    assert not wrong


@pytest.mark.parametrize("typed", TYPED)
def test_what_a_person_typed_says_nothing(typed: str) -> None:
    shapes = [n for n, shape in enumerate(SHAPES) if "{typed}" in json.dumps(shape)]
    assert len(shapes) >= 5
    for number in shapes:
        assert _cause(case(SHAPES[number], ORDINARY | {"typed": typed})) == "stopped_by_user"


@given(
    number=st.sampled_from(sorted(CAUSES)),
    words=st.lists(st.sampled_from(VOCABULARY), min_size=1, max_size=3),
    joint=st.sampled_from(["-", "_", ".", ""]),
    form=st.sampled_from(["{0}", "{0}:{0}", "docker.io/{0}:7", "registry.io/a/{0}@sha256:0a1b"]),
)
# Each shape some times.
@settings(max_examples=3 * settings().max_examples)
def test_renaming_changes_no_verdict(number: int, words: list[str], joint: str, form: str) -> None:
    word = joint.join(words)
    names = named(word, image=form.format(word.lower()))
    assert _cause(case(SHAPES[number], names)) == CAUSES[number]


@given(
    number=st.sampled_from([n for n, shape in enumerate(SHAPES) if shape["on"] == "ecs"]),
    prefix=st.sampled_from(["aws-guardduty-agent-", "ecs-service-connect-", "something-new-"]),
    code=st.sampled_from([None, 0, 1, 137, 143]),
    said=st.sampled_from(
        ["", *(s["reason"] for s in SHAPES if s["on"] == "ecs" and "reason" in s)]
    ),
)
def test_a_container_that_aws_adds_changes_no_verdict(
    number: int, prefix: str, code: int | None, said: str
) -> None:
    beside = {"name": f"{prefix}x9"} | ({} if code is None else {"exitCode": code})
    shape = SHAPES[number]
    more = [*shape.get("beside", []), beside | ({"reason": said} if said else {})]
    assert _cause(case(shape | {"beside": more})) == CAUSES[number]


@pytest.mark.parametrize("name", sample("corpus")["state_changes"])
def test_renaming_changes_no_sample(name: str) -> None:
    """Images, families, jobs, clusters and queues of the recorded events, renamed."""
    expected = judge(_ending(event(name)), DEFINITIONS[change(name).backend])
    for word in HOSTILE:
        text = re.sub(r"\b(?:reports?|loads?)\b", word, json.dumps(event(name)))
        ending = _ending(json.loads(text))
        assert judge(ending, DEFINITIONS[change(name).backend]) == expected, word


def _ending(ended: dict[str, Any]) -> Any:
    found = from_event(ended, STACK_KEY)
    assert found is not None
    return found.ending


@pytest.mark.parametrize("number", [n for n, shape in enumerate(SHAPES) if "names" in shape])
def test_the_quota_is_named(number: int) -> None:
    found = case(SHAPES[number])
    assert SHAPES[number]["names"] in judge(found.ending, found.definition).advice


def test_the_corpus_is_large_and_has_sources() -> None:
    """Each stop code, failure reason and cause; printed by scripts/causes.py."""
    refusals = [shape for shape in SHAPES if shape["on"] in CALLS]
    assert len(SHAPES) >= 200
    assert len(refusals) >= 20
    assert {shape["source"] for shape in SHAPES} == SOURCES.keys()
    assert all(url.startswith("https://") for url in SOURCES.values())
    seen = {shape["cause"] for shape in SHAPES}
    assert seen == {cause.value for cause in Cause} - {"lost"}
    codes = {shape.get("stopCode") for shape in SHAPES if shape["on"] == "ecs"}
    assert codes >= {
        "TaskFailedToStart",
        "EssentialContainerExited",
        "UserInitiated",
        "ServiceSchedulerInitiated",
        "SpotInterruption",
        "TerminationNotice",
    }
