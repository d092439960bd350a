"""A run: the row with its request and its state."""

from enum import StrEnum
from typing import Literal

from msgspec import Struct

from jetbridge.contract import (
    AirflowCaller,
    Caller,
    Death,
    EpochSeconds,
    LogTarget,
    StartRequest,
    StopCause,
)
from jetbridge.runs.names import last_segment
from jetbridge.runs.reports import Ending


class Status(StrEnum):
    """The state of the run's current launch.

    It moves down this list. Only a relaunch, which raises the launch number, returns to
    ``accepted``. ``ended`` is final.
    """

    ACCEPTED = "accepted"
    LAUNCHING = "launching"
    LAUNCHED = "launched"
    ENDED = "ended"


UNLAUNCHED = (Status.ACCEPTED, Status.LAUNCHING)


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

    ``timeout_seconds`` is the job definition's limit for each attempt.
    """

    arn: str
    log_sources: list[LogSource] = []
    timeout_seconds: int | None = None


class Stop(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A stop request: who asked for it, and why."""

    cause: StopCause
    reason: str
    by: str = ""


class Relaunch(Struct, frozen=True, kw_only=True):
    """The record that a launch died and that another replaces it.

    Attributes:
        launch: the number of the next launch.
        not_before: the earliest time of the next launch, epoch seconds.
        deaths: the deaths of all launches so far, oldest first.
    """

    launch: int
    not_before: EpochSeconds
    deaths: list[Death]


class Attachment(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A later try of the same Airflow task that took over the run."""

    caller: Caller
    log_target: LogTarget | None = None


class Watcher(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A try of an Airflow task that waits for the run's end but didn't start it, and the name of
    its Airflow in the stack's secret."""

    caller: AirflowCaller
    airflow: str = "default"


class Run(Struct, frozen=True, kw_only=True):
    """The row of a run in the runs table.

    Attributes:
        launch: number of the current launch, from 1.
        backend_id: ECS task ARN or Batch job id, once known.
        launched_at: when the backend id became known, epoch seconds.
        change_order: order of the last recorded state change among all changes of its launch.
        created_at: epoch seconds.
        first_attempt_at, last_attempt_at: when launch_run first and last began to make the current
            launch, epoch seconds.
        not_before: the earliest time for the current launch, epoch seconds.
        deaths: the deaths of the launches before the current one, oldest first.
        attachments: later tries that took over the run, oldest first.
        watchers: tries of other tasks that wait for the run; none is added after its end.
        supersedes: the run of an earlier try, which must not run at the same time.
        attached_to: the run that the caller got in place of this one. This row is never launched;
            it only answers repeated requests.
        ended_at: when the end was recorded, epoch seconds. Rows of earlier versions don't have it.
        finished: whether the outcome has been sealed and delivered.
    """

    run_id: str
    request: StartRequest
    created_at: EpochSeconds
    status: Status = Status.ACCEPTED
    launch: int = 1
    definition: Definition | None = None
    backend_id: str | None = None
    launched_at: EpochSeconds | None = None
    backend_status: str | None = None
    change_order: int | None = None
    first_attempt_at: EpochSeconds | None = None
    last_attempt_at: EpochSeconds | None = None
    not_before: EpochSeconds | None = None
    deaths: list[Death] = []
    attachments: list[Attachment] = []
    watchers: list[Watcher] = []
    supersedes: str | None = None
    attached_to: str | None = None
    stop: Stop | None = None
    ending: Ending | None = None
    ended_at: EpochSeconds | None = None
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
        """The caller that waits for the run now."""
        return self.attachments[-1].caller if self.attachments else self.request.caller

    @property
    def log_targets(self) -> list[LogTarget]:
        """Where the run's log is copied to: the first caller's target and that of each attached
        try."""
        asked = [self.request.log_target, *(later.log_target for later in self.attachments)]
        return [target for target in asked if target is not None]

    def waited(self, now: float) -> float:
        """Seconds that the current launch has waited for its attempt. If the attempt has begun, the
        seconds until then."""
        since = max(self.created_at, self.not_before or 0.0)
        until = now if self.last_attempt_at is None else self.last_attempt_at
        return max(0.0, until - since)

    @property
    def deadline(self) -> float | None:
        """Epoch seconds at which the run times out; None: never."""
        limit = self.request.timeout_seconds
        return None if limit is None else self.created_at + limit
