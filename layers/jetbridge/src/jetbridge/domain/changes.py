"""State changes out of AWS's own records: events, and what Describe calls return.

Shapes: "Amazon ECS task state change events" (Amazon ECS developer guide) with the detail of
DescribeTasks, "Batch job state change events" (AWS Batch user guide) with that of DescribeJobs.
Unknown fields and statuses are let through; a missing exit code stays missing.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from jetbridge.domain.names import LaunchName, last_segment
from jetbridge.domain.run import RUNNING, ContainerEnd, Ending, LogName, StateChange

Record = dict[str, Any]

ECS_EVENT = "ECS Task State Change"
BATCH_EVENT = "Batch Job State Change"

# DELETED is what a stopped task passes to before AWS forgets it (Amazon ECS developer guide, "Task
# lifecycle").
_ECS_ENDED = ("STOPPED", "DELETED")
_BATCH_RANK = {"SUBMITTED": 0, "PENDING": 1, "RUNNABLE": 2, "STARTING": 3, RUNNING: 4}
_BATCH_ENDED = ("SUCCEEDED", "FAILED")
# Nothing that is known of an attempt may be overtaken by a status of which nobody knows the place.
_UNKNOWN_RANK = 0
_RANKS_PER_ATTEMPT = 10
_LAST = 1_000_000


def from_event(event: Record, stack_key: str) -> StateChange | None:
    """The change that an EventBridge event reports; None if it is none of this stack's runs.

    Raises:
        KeyError: the event lacks a field that AWS always sends.
    """
    kind, detail = event["detail-type"], event["detail"]
    if kind == ECS_EVENT:
        return from_task(detail, stack_key)
    if kind == BATCH_EVENT:
        return from_job(detail, stack_key)
    return None


def from_task(task: Record, stack_key: str) -> StateChange | None:
    """The change that an ECS task's record reports (event detail, or one of DescribeTasks)."""
    name = LaunchName.parse(task.get("startedBy"))
    if name is None or name.stack_key != stack_key:
        return None
    running = task["lastStatus"] == RUNNING
    return StateChange(
        run_id=name.run_id,
        launch=name.launch,
        backend="ecs",
        backend_id=task["taskArn"],
        status=task["lastStatus"],
        order=task["version"],
        place=last_segment(task["clusterArn"]),
        definition=task["taskDefinitionArn"],
        started_at=_iso(task.get("startedAt")) if running else None,
        log_names=_task_log_names(task) if running else [],
        ending=_task_ending(task) if task["lastStatus"] in _ECS_ENDED else None,
    )


def from_job(job: Record, stack_key: str) -> StateChange | None:
    """The change that a Batch job's record reports (event detail, or one of DescribeJobs).

    Children of an array job and nodes of a multi-node job carry their parent's name; only the
    parent ends the run.
    """
    name = LaunchName.parse(job.get("jobName"))
    if name is None or name.stack_key != stack_key or is_child(job):
        return None
    status = job["status"]
    running, ended = status == RUNNING, status in _BATCH_ENDED
    attempts = len(job.get("attempts") or [])
    rank = _BATCH_RANK.get(status, _UNKNOWN_RANK)
    return StateChange(
        run_id=name.run_id,
        launch=name.launch,
        backend="batch",
        backend_id=job["jobId"],
        status=status,
        order=_LAST if ended else attempts * _RANKS_PER_ATTEMPT + rank,
        place=last_segment(job["jobQueue"]),
        definition=job["jobDefinition"],
        started_at=_iso(job.get("startedAt")) if running else None,
        log_names=list(_running_log_names(job)) if running else [],
        ending=_job_ending(job) if ended else None,
    )


def is_child(job: Record) -> bool:
    """Whether it is a child of an array job or a node of a multi-node job, whose job id has the
    node's number behind a ``#`` (AWS Batch user guide, "Multi-node parallel jobs")."""
    return "index" in (job.get("arrayProperties") or {}) or "#" in str(job.get("jobId", ""))


def job_log_names(job: Record) -> list[LogName]:
    """The log streams of a Batch job's attempts, oldest first."""
    return [
        LogName(container=name, name=record["logStreamName"], attempt=number)
        for number, attempt in enumerate(job.get("attempts") or [], start=1)
        for name, record in _attempt_containers(attempt)
        if record.get("logStreamName")
    ]


def _running_log_names(job: Record) -> Iterator[LogName]:
    """The log streams of a job's present attempt: Batch names them when it is running."""
    attempt = len(job.get("attempts") or []) + 1
    present = job | (job.get("ecsProperties") or {})
    for name, record in _attempt_containers(present):
        if record.get("logStreamName"):
            yield LogName(container=name, name=record["logStreamName"], attempt=attempt)


def _task_log_names(task: Record) -> list[LogName]:
    return [
        LogName(container=container["name"], name=container["runtimeId"])
        for container in task.get("containers") or []
        if container.get("runtimeId")
    ]


def _task_ending(task: Record) -> Ending:
    containers = task.get("containers") or []
    return Ending(
        code=task.get("stopCode", ""),
        reason=task.get("stoppedReason", ""),
        containers=[
            ContainerEnd(
                name=container["name"],
                exit_code=container.get("exitCode"),
                reason=container.get("reason", ""),
            )
            for container in containers
        ],
        log_names=_task_log_names(task),
        started_at=_iso(task.get("startedAt")),
        stopped_at=_iso(task.get("stoppedAt")),
    )


def _job_ending(job: Record) -> Ending:
    attempts = job.get("attempts") or []
    last = attempts[-1] if attempts else {}
    return Ending(
        code=job["status"],
        reason=job.get("statusReason") or last.get("statusReason", ""),
        succeeded=job["status"] == "SUCCEEDED",
        terminated=bool(job.get("isTerminated") or job.get("isCancelled")),
        containers=list(_job_containers(job, last)),
        log_names=job_log_names(job),
        started_at=_iso(job.get("startedAt")),
        stopped_at=_iso(job.get("stoppedAt")),
    )


def _job_containers(job: Record, last_attempt: Record) -> Iterator[ContainerEnd]:
    records = list(_attempt_containers(last_attempt)) or list(_attempt_containers(job))
    for name, record in records:
        yield ContainerEnd(
            name=name, exit_code=record.get("exitCode"), reason=record.get("reason", "")
        )


def _attempt_containers(attempt: Record) -> Iterator[tuple[str, Record]]:
    """Containers of an attempt by name: one without a name, or those of ``taskProperties``."""
    if attempt.get("container"):
        yield "default", attempt["container"]
    for task in attempt.get("taskProperties") or []:
        for container in task.get("containers") or []:
            yield container.get("name", "default"), container


def _iso(moment: str | int | float | datetime | None) -> str | None:
    """ECS events write ISO 8601, Batch epoch milliseconds, boto3 datetimes: ISO 8601 in UTC."""
    if moment is None:
        return None
    if isinstance(moment, int | float):
        moment = datetime.fromtimestamp(moment / 1000, UTC)
    elif isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
