"""What an ending means: the outcome's state, its cause, whose fault, and what to do."""

import re

from msgspec import Struct

from jetbridge.contract import Cause, Fault, State, StopCause
from jetbridge.failures.containers import deciding_ends, own_ends
from jetbridge.failures.matching import cause_in
from jetbridge.failures.quotas import quota_met
from jetbridge.failures.sentences import NOT_STARTED
from jetbridge.failures.table import POLICY, Decision
from jetbridge.runs.reports import ContainerEnd, Ending
from jetbridge.runs.run import Definition, Stop

# The code of an ending that nobody reported: AWS no longer knows the launch.
LOST_CODE = "Lost"

# ECS stopCode, or stoppedReason where that is absent (events of before 2019, and Batch's
# statusReason).
_EXITED_CODE = "EssentialContainerExited"
_EXITED = "Essential container in task exited"
_BY_USER = "Task stopped by user"
# Batch says of a job that it ended itself that it was canceled or terminated, too; who else did
# gave words of their own. "Job queue blocked" and "Job timeouts" (AWS Batch user guide).
_BATCHS_OWN = re.compile(
    r"Job attempt duration exceeded timeout\.?|Dependent Job failed\.?|"
    r"Canceled by JobStateTimeLimit action due to reason: [A-Z]+:[A-Z_]+|"
    r"(?:CAPACITY|MISCONFIGURATION):[A-Z_]+"
)


class Verdict(Struct, frozen=True):
    """Attributes:
    quota: a sentence that names the quota that the run has reached; empty: no quota is known.
    """

    state: State
    cause: Cause
    quota: str = ""

    @property
    def fault(self) -> Fault:
        return POLICY[self.cause].fault

    @property
    def advice(self) -> str:
        return f"{POLICY[self.cause].advice} {self.quota}".rstrip()


def judge(
    ending: Ending,
    definition: Definition | None = None,
    stop: Stop | None = None,
    container: str | None = None,
) -> Verdict:
    """The verdict on an ended launch.

    A requested stop decides, unless the job had already succeeded. The reason that a person typed
    for it is ignored. A job has succeeded when Batch says so, or when an ECS task ended by itself
    and every container that decides exited with 0: a missing exit code is neither 0 nor 1, and a
    container that exits with 0 after SIGTERM was cut short, too.

    Args:
        container: the one whose exit code decides; None: every essential one of the definition.
            Where Batch's record has no such container, as that of an array job, Batch decides.
    """
    deciding = deciding_ends(ending, definition, container)
    if _succeeded(ending, deciding, container):
        return Verdict(State.SUCCEEDED, Cause.COMPLETED)
    if stop is not None:
        return Verdict(State.STOPPED, _STOPS[stop.cause])
    if ending.code == LOST_CODE:
        return Verdict(State.FAILED, Cause.LOST)
    if _stopped_by_a_person(ending):
        return Verdict(State.STOPPED, Cause.STOPPED_BY_USER)
    quota = quota_met(ending.code, ending.reason)
    return Verdict(State.FAILED, _cause(ending, definition, deciding), quota)


_STOPS = {
    StopCause.STOPPED_BY_USER: Cause.STOPPED_BY_USER,
    StopCause.TIMEOUT: Cause.TIMEOUT,
}


def _succeeded(ending: Ending, deciding: list[ContainerEnd], container: str | None) -> bool:
    if ending.succeeded is not None and (container is None or not deciding):
        return ending.succeeded
    if not (_exited(ending) or ending.succeeded):
        return False
    return bool(deciding) and all(end.exit_code == 0 for end in deciding)


def _exited(ending: Ending) -> bool:
    """Whether a container's own end ended the task.

    Batch gives no reason for a pod whose containers have all ended by themselves.
    """
    if ending.terminated:
        return False
    if ending.code == _EXITED_CODE:
        return True
    if ending.succeeded is not None and not ending.reason:
        return all(end.exit_code is not None for end in ending.containers)
    stop_code = ending.code and ending.succeeded is None
    return not stop_code and ending.reason.rstrip(".") == _EXITED


def _stopped_by_a_person(ending: Ending) -> bool:
    by_user = ending.succeeded is None and ending.reason.rstrip(".") == _BY_USER
    if ending.code == "UserInitiated" or (by_user and not ending.code):
        return True
    return ending.terminated and not _BATCHS_OWN.fullmatch(ending.reason)


def _cause(ending: Ending, definition: Definition | None, deciding: list[ContainerEnd]) -> Cause:
    """Why it failed. If a container ended by itself, its exit code says more than a problem of its
    host. In a task that never got that far, any container of the definition may be the cause."""
    exited = _exited(ending)
    ends = deciding if exited else own_ends(ending, definition)
    found = cause_in([ending.code, ending.reason, *(end.reason for end in ends)])
    failed = any(end.exit_code for end in ends)
    if found is not None and not (failed and _says_less(found) and _is_plain(ending, ends)):
        return found
    return Cause.APPLICATION_EXIT if failed else Cause.UNCLASSIFIED


def _is_plain(ending: Ending, ends: list[ContainerEnd]) -> bool:
    reason = ending.reason.rstrip(".")
    return reason in ("", _EXITED) or (
        reason == NOT_STARTED and not any(end.reason for end in ends)
    )


def _says_less(cause: Cause) -> bool:
    return POLICY[cause].decision is not Decision.FAIL
