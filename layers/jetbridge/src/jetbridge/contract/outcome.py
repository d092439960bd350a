"""The outcome: how a run ended. Sealed once, read by Airflow, announced on EventBridge."""

from enum import StrEnum
from typing import Any, Literal

from msgspec import Struct

from jetbridge.contract.callers import Caller
from jetbridge.contract.moments import EpochSeconds
from jetbridge.contract.usage import Usage


class State(StrEnum):
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    STOPPED = "stopped"


class Fault(StrEnum):
    """The part that caused a failure, and so who can correct it."""

    NOBODY = "nobody"
    JOB = "job"
    CONFIGURATION = "configuration"
    PLATFORM = "platform"
    USER = "user"


class Cause(StrEnum):
    """Why a run ended; `unclassified` is a failure that no rule recognizes."""

    COMPLETED = "completed"
    APPLICATION_EXIT = "application_exit"
    OUT_OF_MEMORY = "out_of_memory"
    IMAGE_NOT_FOUND = "image_not_found"
    IMAGE_PULL = "image_pull"
    SPOT_INTERRUPTION = "spot_interruption"
    HOST_LOSS = "host_loss"
    CAPACITY = "capacity"
    NETWORK_SETUP = "network_setup"
    MISCONFIGURATION = "misconfiguration"
    TIMEOUT = "timeout"
    STOPPED_BY_USER = "stopped_by_user"
    LOST = "lost"
    UNCLASSIFIED = "unclassified"


class LogStream(Struct, frozen=True, kw_only=True):
    """One CloudWatch Logs stream of the run.

    ``container`` is the container's name; ``attempt`` counts Batch's own attempts from 1.
    """

    container: str
    group: str
    stream: str
    region: str
    attempt: int = 1


class Death(Struct, frozen=True, kw_only=True):
    """A launch that ended and was replaced by another launch.

    Attributes:
        reason: AWS's own words.
        backend_id: the ECS task ARN or Batch job id; None: nothing had been launched.
        at: when it ended, epoch seconds.
        usage: what AWS bills for it; None: AWS's record doesn't say.
    """

    launch: int
    cause: Cause
    reason: str
    backend_id: str | None
    at: EpochSeconds
    usage: Usage | None = None


class Outcome(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a run ended.

    Attributes:
        reason: AWS's own words (ECS ``stoppedReason`` and container ``reason``, Batch
            ``statusReason``, or the error of RunTask or SubmitJob).
        advice: what to do about it, one sentence; empty if there is nothing to do.
        exit_codes: by container name. A container without an exit code is absent.
        deciding: the containers in ``exit_codes`` whose exit codes say whether the run succeeded.
            Of an ECS task, these are the definition's essential containers. Empty: all are.
        backend_id: ECS task ARN or Batch job id; None: nothing was launched.
        last_lines: last log lines, oldest first. If there are several containers, each line begins
            with its container's name.
        result: the JSON value that the container reported; None: it reported none, or its log
            could not be read (``unread``).
        started_at, stopped_at: of the container, ISO 8601 in UTC; None: it never started.
        finished_at: when the outcome was sealed, epoch seconds.
        deaths: the launches before the last one, oldest first.
        stopped_by: who asked for the stop; empty: nobody did.
        policy_version: version of the table of causes by which the run was judged.
        unread: names of the log streams whose last lines could not be read. ``advice`` says why.
        usage: what AWS bills for the last launch; None: nothing was launched, or AWS's record
            doesn't say. ``deaths`` has it for the launches before.
        size_advice: what similar runs used of this size, and which size would do; empty: there is
            nothing to change, or the stack's parameter ``SizeAdvice`` is off.
    """

    run_id: str
    state: State
    cause: Cause
    fault: Fault
    reason: str
    advice: str
    caller: Caller
    backend: Literal["ecs", "batch"]
    region: str
    finished_at: EpochSeconds
    backend_id: str | None = None
    cluster: str | None = None
    job_queue: str | None = None
    definition: str | None = None
    launches: int = 1
    exit_codes: dict[str, int] = {}
    log_streams: list[LogStream] = []
    last_lines: list[str] = []
    result: Any = None
    started_at: str | None = None
    stopped_at: str | None = None
    deaths: list[Death] = []
    stopped_by: str = ""
    policy_version: int = 1
    unread: list[str] = []
    deciding: list[str] = []
    usage: Usage | None = None
    size_advice: str = ""
    version: Literal[1] = 1


class RunFinished(Outcome, frozen=True, kw_only=True, omit_defaults=True):
    """The detail of the event "Jetbridge Run Finished".

    Attributes:
        stack: name of the CloudFormation stack that ran it. Several stacks may use one event bus.
    """

    stack: str
