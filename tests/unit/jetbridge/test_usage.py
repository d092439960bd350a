"""What AWS bills of a launch, out of the sample events and changed ones."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jetbridge_testing.samples import EVENTS, STACK_KEY, event

from jetbridge.backends.changes import from_event
from jetbridge.contract import Usage

# The sample's own figures: pulled from 00:00:21.337, stopped at 00:02:04.713.
TASK = Usage(
    launch_type="FARGATE",
    vcpu=0.25,
    memory_mib=512,
    seconds=104,
    architecture="x86_64",
    spot=False,
)
JOB = Usage(launch_type="FARGATE", vcpu=0.25, memory_mib=512, seconds=60)


def usage(name: str, **changed: Any) -> Usage | None:
    found = event(name)
    found["detail"] |= changed
    change = from_event(found, STACK_KEY)
    assert change is not None
    assert change.ending is not None
    return change.ending.usage


def test_a_task_is_billed_from_its_pull_on() -> None:
    assert usage("ecs_stopped_exit_0") == TASK


def test_a_job_is_billed_for_a_minute_at_least() -> None:
    """The sample's only attempt ran for 32.7 s."""
    assert usage("batch_succeeded") == JOB


def test_each_attempt_of_a_job_is_billed() -> None:
    attempts = [{"startedAt": 0, "stoppedAt": 90_001}, {"startedAt": 100_000, "stoppedAt": 110_000}]
    found = usage("batch_succeeded", attempts=attempts)
    assert found is not None
    assert found.seconds == 91 + 60


def test_spot_and_instances_are_told_apart() -> None:
    spot = usage("ecs_stopped_exit_0", capacityProviderName="FARGATE_SPOT")
    instance = usage("ecs_stopped_exit_0", launchType="EC2")
    assert (spot and spot.spot, instance and instance.spot) == (True, None)
    assert instance is not None
    assert instance.launch_type == "EC2"
    job = usage("batch_succeeded", platformCapabilities=["EC2"])
    assert job is not None
    assert job.launch_type == "EC2"


def test_a_task_that_never_pulled_is_not_billed() -> None:
    found = usage("ecs_stopped_exit_0", pullStartedAt=None)
    assert found is not None
    assert found.seconds == 0


@pytest.mark.parametrize("name", ["arrayProperties", "nodeProperties"])
def test_jobs_of_several_have_none_of_their_own(name: str) -> None:
    assert usage("batch_succeeded", **{name: {"size": 2}}) is None


def test_all_containers_of_a_job_count() -> None:
    container = event("batch_succeeded")["detail"]["container"]
    tasks = [
        {
            "containers": [container, container],
            "runtimePlatform": {"cpuArchitecture": "ARM64"},
        }
    ]
    found = usage("batch_succeeded", ecsProperties={"taskProperties": tasks})
    assert found is not None
    assert (found.vcpu, found.memory_mib, found.architecture) == (0.5, 1024, "arm64")


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@given(st.sampled_from(["cpu", "memory", "launchType", "attributes", "pullStartedAt"]), JSON)
def test_no_field_of_a_task_keeps_it_from_ending(name: str, value: Any) -> None:
    found = usage("ecs_stopped_exit_0", **{name: value})
    assert found is None or (found.seconds >= 0 and 0 < found.vcpu < 1e9)


@given(st.sampled_from(["container", "attempts", "ecsProperties", "platformCapabilities"]), JSON)
def test_no_field_of_a_job_keeps_it_from_ending(name: str, value: Any) -> None:
    found = usage("batch_succeeded", **{name: value})
    assert found is None or found.seconds >= 0


def test_every_sample_of_an_end_can_be_priced_or_says_why_not() -> None:
    """The sample ends without a usage never had a task, or don't say its size."""
    without = set()
    for path in sorted((EVENTS / "state_changes").glob("*.json")):
        change = from_event(event(path.stem), STACK_KEY)
        if change is not None and change.ending is not None and change.ending.usage is None:
            without.add(path.stem)
    assert not {name for name in without if name.startswith("ecs_")}
