"""What an ending means: the outcome's state, its cause, whose fault, and what to do."""

from dataclasses import dataclass

from jetbridge.contract import Cause, Fault, State, StopCause
from jetbridge.domain.failures.matching import cause_in
from jetbridge.domain.failures.table import POLICY
from jetbridge.domain.run import ContainerEnd, Definition, Ending, Stop

# The code of an ending that nobody reported: AWS does not know the launch any more.
LOST_CODE = "Lost"

# ECS stopCode or, where that is absent, stoppedReason.
_ENDED_BY_ITSELF = ("EssentialContainerExited", "Essential container in task exited")


@dataclass(frozen=True)
class Verdict:
    state: State
    cause: Cause

    @property
    def fault(self) -> Fault:
        return POLICY[self.cause].fault

    @property
    def advice(self) -> str:
        return POLICY[self.cause].advice


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
        return Verdict(State.SUCCEEDED, Cause.COMPLETED)
    if stop is not None:
        return Verdict(State.STOPPED, _STOPS[stop.cause])
    if ending.code == LOST_CODE:
        return Verdict(State.FAILED, Cause.LOST)
    if ending.code == "UserInitiated":
        return Verdict(State.STOPPED, Cause.STOPPED_BY_USER)
    reasons = (container.reason for container in ending.containers)
    cause = cause_in([ending.code, ending.reason, *reasons])
    if cause is not None:
        return Verdict(State.FAILED, cause)
    if ending.terminated:
        return Verdict(State.STOPPED, Cause.STOPPED_BY_USER)
    if any(container.exit_code for container in ending.containers):
        return Verdict(State.FAILED, Cause.APPLICATION_EXIT)
    return Verdict(State.FAILED, Cause.UNCLASSIFIED)


_STOPS = {
    StopCause.STOPPED_BY_USER: Cause.STOPPED_BY_USER,
    StopCause.TIMEOUT: Cause.TIMEOUT,
}


def _succeeded(ending: Ending, definition: Definition | None) -> bool:
    if ending.succeeded is not None:
        return ending.succeeded
    if (ending.code or ending.reason) not in _ENDED_BY_ITSELF:
        return False
    codes = [end.exit_code for end in deciding(ending, definition)]
    return bool(codes) and all(code == 0 for code in codes)


def deciding(ending: Ending, definition: Definition | None) -> list[ContainerEnd]:
    """Of the containers of an ECS task those whose ends decide: the essential ones."""
    sources = definition.log_sources if definition else []
    optional = {source.container for source in sources if not source.essential}
    return [end for end in ending.containers if end.name not in optional]
