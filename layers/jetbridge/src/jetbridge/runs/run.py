"""A run: the row that says what was asked for and how far it has come."""

from enum import StrEnum
from typing import Literal

from msgspec import Struct

from jetbridge.contract import (
    AirflowCaller,
    Caller,
    Death,
    LogTarget,
    StartRequest,
    StopCause,
    Usage,
)
from jetbridge.runs.names import last_segment


class Status(StrEnum):
    """How far the run's current launch has come.

    It moves down this list; only a relaunch, which raises the launch number, goes back to
    ``accepted``. ``ended`` stays.
    """

    ACCEPTED = "accepted"
    LAUNCHING = "launching"
    LAUNCHED = "launched"
    ENDED = "ended"


UNLAUNCHED = (Status.ACCEPTED, Status.LAUNCHING)
RUNNING = "RUNNING"


class ContainerEnd(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How one container ended. ``exit_code`` is None when AWS reported none."""

    name: str
    exit_code: int | None = None
    reason: str = ""


class LogName(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What AWS's record says of a container's log: ECS ``runtimeId``, Batch ``logStreamName``."""

    container: str
    name: str
    attempt: int = 1


class Ending(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a launch ended, in AWS's own words.

    Attributes:
        code: ECS ``stopCode``, Batch's final status, or the error code of a failed launch.
        reason: ECS ``stoppedReason``, Batch ``statusReason``, or the error's message.
        succeeded: Batch's own verdict (SUCCEEDED or FAILED); None for ECS, which has none.
        terminated: Batch was asked to terminate or cancel the job (``isTerminated``,
            ``isCancelled``).
        nodes: how many a multi-node job has. Its record has the main node's containers alone.
        started_at, stopped_at: ISO 8601 in UTC; None when the container never ran.
        usage: what AWS bills of the launch, where its record says.
        pull_started_at, pull_stopped_at: of an ECS task's images, ISO 8601 in UTC; kept where the
            stack exports traces.
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


class LogSource(Struct, frozen=True, kw_only=True):
    """Where a container's definition sends its output.

    ``group`` is None when the log driver isn't awslogs: then ``driver`` says which it is.
    ``prefix`` is awslogs-stream-prefix; without one the stream is named after the container's
    runtime id (Amazon ECS developer guide, "Using the awslogs log driver").
    """

    container: str
    driver: str
    essential: bool = True
    group: str | None = None
    prefix: str | None = None
    region: str | None = None


class Definition(Struct, frozen=True, kw_only=True):
    """A task or job definition, pinned to its revision.

    ``timeout_seconds`` is a job definition's own limit of each attempt.
    """

    arn: str
    log_sources: list[LogSource] = []
    timeout_seconds: int | None = None


class Stop(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """That somebody asked for the run's end: who, and why."""

    cause: StopCause
    reason: str
    by: str = ""


class Relaunch(Struct, frozen=True, kw_only=True):
    """Record that the launch died and that another replaces it.

    Attributes:
        launch: the number of the next launch.
        not_before: epoch seconds before which it is not launched.
        deaths: what every launch before it died of, oldest first.
    """

    launch: int
    not_before: float
    deaths: list[Death]


class Attachment(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A later try of the same Airflow task which took the run over."""

    caller: Caller
    log_target: LogTarget | None = None


class Watcher(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A try of an Airflow task that waits for the run's end without having started it, and in
    which Airflow of the stack's secret."""

    caller: AirflowCaller
    airflow: str = "default"


class Run(Struct, frozen=True, kw_only=True):
    """The row of a run in the runs table.

    Attributes:
        launch: which launch is the current one, from 1.
        backend_id: ECS task ARN or Batch job id, once known.
        launched_at: when it became known, epoch seconds.
        change_order: where the last state change that was recorded stands among all of its launch.
        created_at: epoch seconds.
        first_attempt_at, last_attempt_at: when launch_run was about to make the current launch,
            epoch seconds.
        not_before: epoch seconds before which the current launch is not to be made.
        deaths: what the launches before the current one died of, oldest first.
        attachments: later tries that took the run over, oldest first.
        watchers: tries of other tasks that wait for it; none is added when it has ended.
        supersedes: the run of an earlier try, which must not go on beside this one.
        attached_to: the run that was given to the caller in place of this one; this row is never
            launched and only answers repeated requests.
        ended_at: when the end was recorded, epoch seconds; rows of earlier versions don't have it.
        finished: the outcome has been sealed and delivered.
    """

    run_id: str
    request: StartRequest
    created_at: float
    status: Status = Status.ACCEPTED
    launch: int = 1
    definition: Definition | None = None
    backend_id: str | None = None
    launched_at: float | None = None
    backend_status: str | None = None
    change_order: int | None = None
    first_attempt_at: float | None = None
    last_attempt_at: float | None = None
    not_before: float | None = None
    deaths: list[Death] = []
    attachments: list[Attachment] = []
    watchers: list[Watcher] = []
    supersedes: str | None = None
    attached_to: str | None = None
    stop: Stop | None = None
    ending: Ending | None = None
    ended_at: float | None = None
    finished: bool = False

    @property
    def backend(self) -> Literal["ecs", "batch"]:
        return self.request.backend

    @property
    def place(self) -> str:
        """The name of the ECS cluster or Batch job queue that the run was sent to."""
        parameters = self.request.parameters
        if self.backend == "ecs":
            return last_segment(str(parameters.get("cluster", "default")))
        return last_segment(str(parameters["jobQueue"]))

    @property
    def caller(self) -> Caller:
        """Who waits for the run now."""
        return self.attachments[-1].caller if self.attachments else self.request.caller

    @property
    def log_targets(self) -> list[LogTarget]:
        """Where the run's log is copied to: the caller's own place and each attached try's."""
        asked = [self.request.log_target, *(later.log_target for later in self.attachments)]
        return [target for target in asked if target is not None]

    def waited(self, now: float) -> float:
        """Seconds that the current launch has waited for its attempt, or had when it came."""
        since = max(self.created_at, self.not_before or 0.0)
        until = now if self.last_attempt_at is None else self.last_attempt_at
        return max(0.0, until - since)

    @property
    def deadline(self) -> float | None:
        """Epoch seconds at which the run times out; None: never."""
        limit = self.request.timeout_seconds
        return None if limit is None else self.created_at + limit


class StateChange(Struct, frozen=True, kw_only=True):
    """One state change of one launch, as AWS reported it.

    Attributes:
        order: changes of one launch count only in rising order (ECS ``version``; Batch attempt
            and status rank, since Batch events carry no version).
        place, definition: as in the event, to be held against the row's own.
        started_at: since when the containers run, if they do: ISO 8601 in UTC.
        log_names: log streams of containers that are running.
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
        """Whether the containers run; ECS and Batch have the same word for it."""
        return self.status == RUNNING
