"""Why a run ended, and whose fault it was: one table for events and failed launches alike.

The texts are AWS's own: "Amazon ECS stopped tasks error messages" and "Stopped task error codes"
(Amazon ECS developer guide), "Job states" and "Troubleshooting AWS Batch" (AWS Batch user guide).
"""

import re
from dataclasses import dataclass

from jetbridge.contract import Cause, Fault, State, StopCause
from jetbridge.domain.run import Definition, Ending, Stop


@dataclass(frozen=True)
class Verdict:
    """What an ending means: the outcome's state, its cause, whose fault, and what to do."""

    state: State
    cause: Cause
    fault: Fault
    advice: str = ""


@dataclass(frozen=True)
class _Rule:
    pattern: str
    cause: Cause
    fault: Fault
    advice: str


# The first rule whose pattern is found in the code or in any reason decides.
_RULES = (
    _Rule(
        r"OutOfMemory|\bOOM",
        Cause.OUT_OF_MEMORY,
        Fault.JOB,
        "Give the container more memory, or let it use less.",
    ),
    _Rule(
        r"SpotInterruption|Spot Task was interrupted|TerminationNotice",
        Cause.SPOT_INTERRUPTION,
        Fault.PLATFORM,
        "Run it again, or on FARGATE instead of FARGATE_SPOT.",
    ),
    _Rule(
        r"Host EC2 .*(terminated|stopped)|InfrastructureHealth",
        Cause.HOST_LOSS,
        Fault.PLATFORM,
        "The host was lost: run it again.",
    ),
    _Rule(
        r"(CannotPull|pull).*(manifest|not found|does not exist|repository|denied)",
        Cause.IMAGE_NOT_FOUND,
        Fault.CONFIGURATION,
        "Check the image's name and tag, and that the execution role may pull it.",
    ),
    _Rule(
        r"CannotPull",
        Cause.IMAGE_PULL,
        Fault.PLATFORM,
        "The registry did not answer in time: run it again; check the subnet's way to it.",
    ),
    _Rule(
        r"ResourceInitializationError|CannotStartContainer|CannotCreateContainer|MISCONFIGURATION",
        Cause.MISCONFIGURATION,
        Fault.CONFIGURATION,
        "Check the definition: command, log group, secrets, roles and network.",
    ),
    _Rule(
        r"RESOURCE:|CAPACITY:|[Cc]apacity is unavailable|LimitExceeded",
        Cause.CAPACITY,
        Fault.PLATFORM,
        "AWS had no room: run it again later, or in other subnets.",
    ),
    _Rule(
        r"[Nn]etwork interface|InsufficientFreeAddresses|ENI ",
        Cause.NETWORK_SETUP,
        Fault.PLATFORM,
        "The network interface could not be made: check the subnet's free addresses.",
    ),
    _Rule(
        r"duration exceeded timeout",
        Cause.TIMEOUT,
        Fault.JOB,
        "The job definition's own timeout ended it: raise it, or make the job faster.",
    ),
    _Rule(
        r"Array Child Job failed|Dependent Job failed",
        Cause.APPLICATION_EXIT,
        Fault.JOB,
        "A child of the array job, or a job that this one depends on, failed: its log says why.",
    ),
    _Rule(
        r"AccessDenied|ValidationException|ClientException|InvalidParameter|NotFoundException",
        Cause.MISCONFIGURATION,
        Fault.CONFIGURATION,
        "AWS refused the launch: mend what its message names.",
    ),
)

_LOST = Verdict(
    State.FAILED,
    Cause.LOST,
    Fault.PLATFORM,
    "AWS no longer knows this launch; look for it in the console before you run it again.",
)
LOST_CODE = "Lost"

# ECS stopCode or, where that is absent, stoppedReason.
_ENDED_BY_ITSELF = ("EssentialContainerExited", "Essential container in task exited")


def judge(
    ending: Ending, definition: Definition | None = None, stop: Stop | None = None
) -> Verdict:
    """The verdict on an ended launch.

    A stop that was asked for decides, unless the job had already succeeded. A job has succeeded
    when Batch says so, or when an ECS task ended by itself and every essential container exited
    with 0: a missing exit code is neither success nor 1, and a container that answers SIGTERM with
    0 was cut short all the same.
    """
    if _succeeded(ending, definition):
        return Verdict(State.SUCCEEDED, Cause.COMPLETED, Fault.NOBODY)
    if stop is not None:
        return _stopped(stop)
    if ending.code == LOST_CODE:
        return _LOST
    if ending.code == "UserInitiated":
        return _stopped(Stop(cause=StopCause.STOPPED_BY_USER, reason=ending.reason))
    texts = [ending.code, ending.reason, *(container.reason for container in ending.containers)]
    for rule in _RULES:
        if any(re.search(rule.pattern, text) for text in texts):
            return Verdict(State.FAILED, rule.cause, rule.fault, rule.advice)
    if any(container.exit_code for container in ending.containers):
        return Verdict(
            State.FAILED, Cause.APPLICATION_EXIT, Fault.JOB, "The job failed: its log says why."
        )
    return Verdict(
        State.FAILED,
        Cause.UNCLASSIFIED,
        Fault.PLATFORM,
        "No rule knows this ending: read AWS's reason.",
    )


def _stopped(stop: Stop) -> Verdict:
    if stop.cause is StopCause.TIMEOUT:
        return Verdict(
            State.STOPPED,
            Cause.TIMEOUT,
            Fault.JOB,
            "It ran longer than it may: raise the timeout, or make the job faster.",
        )
    return Verdict(State.STOPPED, Cause.STOPPED_BY_USER, Fault.USER)


def _succeeded(ending: Ending, definition: Definition | None) -> bool:
    if ending.succeeded is not None:
        return ending.succeeded
    if (ending.code or ending.reason) not in _ENDED_BY_ITSELF:
        return False
    sources = definition.log_sources if definition else []
    optional = {source.container for source in sources if not source.essential}
    codes = [end.exit_code for end in ending.containers if end.name not in optional]
    return bool(codes) and all(code == 0 for code in codes)
