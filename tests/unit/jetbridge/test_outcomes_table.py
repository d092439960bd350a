"""What an ending means, for events and refused launches alike; test_corpus has the samples."""

from typing import Any

import pytest
from jetbridge_testing.samples import DEFINITIONS, STACK_KEY, event
from msgspec.structs import replace

from jetbridge.backends.changes import from_event
from jetbridge.contract import Cause, Fault, State, StopCause
from jetbridge.failures import LOST_CODE, judge, reason_of
from jetbridge.runs.reports import ContainerEnd, Ending
from jetbridge.runs.run import Definition, LogSource, Stop

EXITED = "EssentialContainerExited"
USER_STOP = Stop(cause=StopCause.STOPPED_BY_USER, reason="cleared")
TIMEOUT = Stop(cause=StopCause.TIMEOUT, reason="timed out after 60 s")


# Texts: "Amazon ECS stopped tasks error messages" and "Troubleshooting AWS Batch".
@pytest.mark.parametrize(
    ("code", "reason", "container", "cause", "fault"),
    [
        (
            EXITED,
            "Essential container in task exited",
            "OutOfMemoryError: Container killed due to memory usage",
            Cause.OUT_OF_MEMORY,
            Fault.JOB,
        ),
        (
            "TerminationNotice",
            "Your Spot Task was interrupted.",
            "",
            Cause.SPOT_INTERRUPTION,
            Fault.PLATFORM,
        ),
        ("", "Your Spot Task was interrupted.", "", Cause.SPOT_INTERRUPTION, Fault.PLATFORM),
        (
            "FAILED",
            "Host EC2 (instance i-0123456789abcdef0) terminated.",
            "",
            Cause.HOST_LOSS,
            Fault.PLATFORM,
        ),
        (
            "TaskFailedToStart",
            "CannotPullContainerError: failed to resolve ref x: dial tcp 52.1.1.1:443: i/o timeout",
            "",
            Cause.IMAGE_PULL,
            Fault.PLATFORM,
        ),
        (
            "TaskFailedToStart",
            "ResourceInitializationError: failed to validate logger args: "
            "The specified log group does not exist.",
            "",
            Cause.MISCONFIGURATION,
            Fault.CONFIGURATION,
        ),
        (
            "TaskFailedToStart",
            "",
            "CannotStartContainerError: OCI runtime create failed",
            Cause.MISCONFIGURATION,
            Fault.CONFIGURATION,
        ),
        (
            "FAILED",
            "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - The job resource requirement",
            "",
            Cause.MISCONFIGURATION,
            Fault.CONFIGURATION,
        ),
        ("RESOURCE:MEMORY", "RunTask", "", Cause.CAPACITY, Fault.PLATFORM),
        (
            "TaskFailedToStart",
            "Capacity is unavailable at this time. Please try again later",
            "",
            Cause.CAPACITY,
            Fault.PLATFORM,
        ),
        (
            "TaskFailedToStart",
            "Timeout waiting for network interface provisioning to complete.",
            "",
            Cause.NETWORK_SETUP,
            Fault.PLATFORM,
        ),
        (
            "AccessDeniedException",
            "User is not authorized to perform: ecs:RunTask",
            "",
            Cause.MISCONFIGURATION,
            Fault.CONFIGURATION,
        ),
        (
            "ClientException",
            "Job definition load does not exist",
            "",
            Cause.MISCONFIGURATION,
            Fault.CONFIGURATION,
        ),
        (LOST_CODE, "AWS does not know it", "", Cause.LOST, Fault.PLATFORM),
        ("Novelty", "Something nobody has seen yet", "", Cause.UNCLASSIFIED, Fault.PLATFORM),
        ("", "", "", Cause.UNCLASSIFIED, Fault.PLATFORM),
    ],
)
def test_causes(code: str, reason: str, container: str, cause: Cause, fault: Fault) -> None:
    containers = [ContainerEnd(name="main", reason=container)] if container else []
    verdict = judge(Ending(code=code, reason=reason, containers=containers))
    assert (verdict.state, verdict.cause, verdict.fault) == (State.FAILED, cause, fault)
    assert verdict.advice


@pytest.mark.parametrize("code", [EXITED, "TaskFailedToStart", ""])
def test_missing_exit_code_is_neither_success_nor_an_exit(code: str) -> None:
    verdict = judge(Ending(code=code, containers=[ContainerEnd(name="main")]))
    assert (verdict.state, verdict.cause) == (State.FAILED, Cause.UNCLASSIFIED)


def test_event_whose_container_lost_its_exit_code_is_no_success() -> None:
    stopped = event("ecs_stopped_exit_0")
    del stopped["detail"]["containers"][0]["exitCode"]
    found = from_event(stopped, STACK_KEY)
    assert found is not None
    assert found.ending is not None
    verdict = judge(found.ending, DEFINITIONS["ecs"])
    assert (verdict.state, verdict.cause) == (State.FAILED, Cause.UNCLASSIFIED)


def test_one_missing_exit_code_of_two_is_no_success() -> None:
    ending = Ending(
        code=EXITED, containers=[ContainerEnd(name="a", exit_code=0), ContainerEnd(name="b")]
    )
    assert judge(ending).state is State.FAILED


def test_no_containers_is_no_success() -> None:
    assert judge(Ending(code=EXITED)).state is State.FAILED


@pytest.mark.parametrize("proxy", [None, 0, 1, 143])
def test_non_essential_container_does_not_decide(proxy: int | None) -> None:
    ends = [ContainerEnd(name="main", exit_code=0), ContainerEnd(name="proxy", exit_code=proxy)]
    ending = Ending(code=EXITED, containers=ends)
    assert judge(ending, DEFINITIONS["ecs"]).state is State.SUCCEEDED
    essential = judge(ending)
    assert essential.state is (State.SUCCEEDED if proxy == 0 else State.FAILED)


def test_essential_failure_beside_a_good_side_car() -> None:
    ends = [ContainerEnd(name="main", exit_code=9), ContainerEnd(name="proxy", exit_code=0)]
    verdict = judge(Ending(code=EXITED, containers=ends), DEFINITIONS["ecs"])
    assert (verdict.state, verdict.cause) == (State.FAILED, Cause.APPLICATION_EXIT)


@pytest.mark.parametrize(
    ("stop", "cause", "fault"),
    [
        (USER_STOP, Cause.STOPPED_BY_USER, Fault.USER),
        (TIMEOUT, Cause.TIMEOUT, Fault.JOB),
    ],
)
@pytest.mark.parametrize(
    "ending",
    [
        Ending(code="UserInitiated", containers=[ContainerEnd(name="main", exit_code=137)]),
        Ending(code="UserInitiated", containers=[ContainerEnd(name="main", exit_code=0)]),
        Ending(code="FAILED", succeeded=False, reason="cleared"),
        Ending(code="StoppedBeforeLaunch"),
        Ending(code=LOST_CODE),
    ],
)
def test_a_requested_stop_decides(stop: Stop, cause: Cause, fault: Fault, ending: Ending) -> None:
    verdict = judge(ending, None, stop)
    assert (verdict.state, verdict.cause, verdict.fault) == (State.STOPPED, cause, fault)


@pytest.mark.parametrize("stop", [USER_STOP, TIMEOUT])
@pytest.mark.parametrize(
    "ending",
    [
        Ending(code=EXITED, containers=[ContainerEnd(name="main", exit_code=0)]),
        Ending(code="SUCCEEDED", succeeded=True),
    ],
)
def test_success_before_the_stop_came_stays_success(stop: Stop, ending: Ending) -> None:
    assert judge(ending, None, stop).state is State.SUCCEEDED


@pytest.mark.parametrize("code", ["UserInitiated", "SpotInterruption", "TerminationNotice"])
def test_exit_0_after_sigterm_is_no_success(code: str) -> None:
    ending = Ending(code=code, containers=[ContainerEnd(name="main", exit_code=0)])
    assert judge(ending).state is not State.SUCCEEDED


def test_exit_0_without_a_stop_code_is_success() -> None:
    ending = Ending(
        code="",
        reason="Essential container in task exited",
        containers=[ContainerEnd(name="main", exit_code=0)],
    )
    assert judge(ending).state is State.SUCCEEDED


def test_batch_decides_over_exit_codes() -> None:
    ends = [ContainerEnd(name="default", exit_code=0)]
    failed = Ending(code="FAILED", succeeded=False, containers=ends)
    assert judge(failed).state is State.FAILED


def _main_done_sidecar_killed(main: int = 0) -> Ending:
    ends = [ContainerEnd(name="main", exit_code=main), ContainerEnd(name="side", exit_code=137)]
    return Ending(code=EXITED, containers=ends)


BOTH_ESSENTIAL = Definition(
    arn="d", log_sources=[LogSource(container=name, driver="none") for name in ("main", "side")]
)


def test_an_essential_sidecar_that_is_killed_fails_the_task() -> None:
    """As with the stock operators, which take every essential container's exit code."""
    assert judge(_main_done_sidecar_killed(), BOTH_ESSENTIAL).cause is Cause.APPLICATION_EXIT


@pytest.mark.parametrize(
    ("decides", "main", "state"),
    [("main", 0, "succeeded"), ("side", 0, "failed"), ("main", 3, "failed")],
)
def test_the_named_container_decides(decides: str, main: int, state: str) -> None:
    verdict = judge(_main_done_sidecar_killed(main), BOTH_ESSENTIAL, None, decides)
    assert verdict.state == state


@pytest.mark.parametrize("code", ["UserInitiated", "SpotInterruption", "TaskFailedToStart"])
def test_a_container_that_was_cut_short_decides_nothing(code: str) -> None:
    ending = replace(_main_done_sidecar_killed(), code=code)
    assert judge(ending, BOTH_ESSENTIAL, None, "main").state is not State.SUCCEEDED


@pytest.mark.parametrize(
    ("decides", "main", "state"),
    [("main", 0, "succeeded"), ("side", 0, "failed"), ("main", 3, "failed"), (None, 0, "failed")],
)
def test_the_named_container_of_a_pod_decides(decides: str | None, main: int, state: str) -> None:
    """Batch has no reason for a pod whose containers have ended by themselves."""
    pod = replace(_main_done_sidecar_killed(main), code="FAILED", succeeded=False)
    assert judge(pod, BOTH_ESSENTIAL, None, decides).state == state


@pytest.mark.parametrize(
    "changes",
    [
        {"reason": "Terminated: Pod was terminated in response to imminent node shutdown."},
        {"reason": "", "terminated": True},
        # Whoever ended the job may type any reason.
        {"reason": "Essential container in task exited", "terminated": True},
        {"containers": [ContainerEnd(name="main", exit_code=0), ContainerEnd(name="side")]},
    ],
)
def test_a_pod_that_was_cut_short_decides_nothing(changes: dict[str, Any]) -> None:
    pod = replace(_main_done_sidecar_killed(), code="FAILED", succeeded=False)
    verdict = judge(replace(pod, **changes), BOTH_ESSENTIAL, None, "main")
    assert verdict.state is not State.SUCCEEDED


@pytest.mark.parametrize("succeeded", [True, False])
def test_batch_decides_where_its_record_has_no_such_container(succeeded: bool) -> None:
    array = Ending(code="SUCCEEDED" if succeeded else "FAILED", succeeded=succeeded)
    verdict = judge(array, BOTH_ESSENTIAL, None, "main")
    assert (verdict.state is State.SUCCEEDED) is succeeded


def test_containers_that_aws_adds_decide_nothing_without_a_definition() -> None:
    """Runs whose definition isn't known: of earlier versions, or with a name that has changed."""
    ends = [
        ContainerEnd(name="main", exit_code=0),
        ContainerEnd(name="aws-guardduty-agent-k3x9", exit_code=137),
        ContainerEnd(name="ecs-service-connect-rSv1Z"),
    ]
    assert judge(Ending(code=EXITED, containers=ends)).state is State.SUCCEEDED
    other = Definition(arn="d", log_sources=[LogSource(container="renamed", driver="none")])
    assert judge(Ending(code=EXITED, containers=ends), other).state is State.SUCCEEDED


@pytest.mark.parametrize(
    ("ending", "reason"),
    [
        (Ending(code="TaskFailedToStart"), "TaskFailedToStart"),
        (Ending(code=EXITED, reason="Essential container in task exited"), "Essential container"),
        (Ending(code="FAILED", succeeded=False), ""),
    ],
)
def test_an_ending_is_described_in_awss_words_or_by_its_code(ending: Ending, reason: str) -> None:
    assert reason_of(ending).startswith(reason)
    assert bool(reason_of(ending)) == bool(reason)
