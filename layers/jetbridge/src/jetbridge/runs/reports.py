"""What AWS reports of one launch: its state changes, and how it ended."""

from msgspec import Struct

from jetbridge.contract import Usage

RUNNING = "RUNNING"
"""The status of a launch whose containers run. ECS and Batch use the same word."""


class ContainerEnd(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How one container ended. ``exit_code`` is None when AWS reported none."""

    name: str
    exit_code: int | None = None
    reason: str = ""


class LogName(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A container's log in AWS's record: ECS ``runtimeId``, Batch ``logStreamName``."""

    container: str
    name: str
    attempt: int = 1


class Ending(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a launch ended, in AWS's own words.

    Attributes:
        code: ECS ``stopCode``, Batch's final status, or the error code of a failed launch.
        reason: ECS ``stoppedReason``, Batch ``statusReason``, or the error's message.
        succeeded: Batch's own verdict (SUCCEEDED or FAILED); None for ECS, which has none.
        terminated: whether somebody asked Batch to terminate or cancel the job (``isTerminated``,
            ``isCancelled``).
        nodes: number of nodes of a multi-node job. Its record has only the main node's containers.
        started_at, stopped_at: ISO 8601 in UTC; None if the container never ran.
        usage: what AWS bills for the launch, if its record says so.
        pull_started_at, pull_stopped_at: when an ECS task's images were pulled, ISO 8601 in UTC.
            Kept only if the stack exports traces.
    """

    code: str
    reason: str = ""
    succeeded: bool | None = None
    terminated: bool = False
    containers: list[ContainerEnd] = []
    log_names: list[LogName] = []
    nodes: int = 0
    started_at: str | None = None
    stopped_at: str | None = None
    usage: Usage | None = None
    pull_started_at: str | None = None
    pull_stopped_at: str | None = None


class StateChange(Struct, frozen=True, kw_only=True):
    """One state change of one launch, as AWS reported it.

    Attributes:
        order: a change counts only if its order is higher than that of earlier changes of its
            launch (ECS ``version``; Batch attempt and status rank, because Batch events have no
            version).
        place, definition: as in the event; they are compared with the row's own.
        started_at: when the containers started, if they run: ISO 8601 in UTC.
        log_names: log streams of the running containers.
        ending: how the launch ended, if this change ends it.
    """

    run_id: str
    launch: int
    backend: str
    backend_id: str
    status: str
    order: int
    place: str
    definition: str
    started_at: str | None = None
    log_names: list[LogName] = []
    ending: Ending | None = None

    @property
    def running(self) -> bool:
        """Whether the containers run. ECS and Batch use the same word for this status."""
        return self.status == RUNNING
