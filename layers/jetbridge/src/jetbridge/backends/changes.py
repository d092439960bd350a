"""Makes state changes from AWS's records: events, and answers of Describe calls.

Shapes: "Amazon ECS task state change events" (Amazon ECS developer guide) with the detail of
DescribeTasks, "Batch job state change events" (AWS Batch user guide) with that of DescribeJobs.
Unknown fields and statuses are allowed. A field that can't be used counts as missing
(``records.Fields``). A missing exit code stays missing; a change without a version never replaces a
recorded one.
"""

import re
from collections.abc import Iterable, Iterator

from jetbridge.aws.records import (
    LOG_NAMES_BYTES,
    MOST_CONTAINERS,
    MOST_INTEGER,
    MOST_LOG_NAMES,
    Fields,
    Record,
)
from jetbridge.backends.log_sources import POD_CONTAINER
from jetbridge.backends.usage import usage_of_job, usage_of_task
from jetbridge.runs.names import LaunchName, last_segment
from jetbridge.runs.run import RUNNING, ContainerEnd, Ending, LogName, StateChange

ECS_EVENT = "ECS Task State Change"
BATCH_EVENT = "Batch Job State Change"

# DELETED is what a stopped task passes to before AWS forgets it (Amazon ECS developer guide, "Task
# lifecycle").
_ECS_ENDED = ("STOPPED", "DELETED")
_BATCH_RANK = {"SUBMITTED": 0, "PENDING": 1, "RUNNABLE": 2, "STARTING": 3, RUNNING: 4}
_BATCH_ENDED = ("SUCCEEDED", "FAILED")
# An unknown status has no place in the order, so it must not replace a known one.
_UNKNOWN_RANK = 0
_RANKS_PER_ATTEMPT = 10
_LAST = 1_000_000
# What Batch calls the container of a job that has only one.
_DEFAULT = "default"
_UNNAMED = "unnamed"
_LOST_CONTAINER = re.compile(r"(?:ContainerStatusUnknown|Unknown)(?=:|$)")


def from_event(event: object, stack_key: str) -> StateChange | None:
    """The change that an EventBridge event reports; None if the event isn't about a run of this
    stack.

    Raises:
        RecordError: the event is about a run of this stack and lacks a field that AWS always sends,
            or it isn't an EventBridge event.
    """
    fields = Fields(event)
    kind, detail = fields.needed("detail-type"), fields.part("detail")
    if kind == ECS_EVENT:
        return _task_of_ours(detail, stack_key)
    if kind == BATCH_EVENT:
        return _job_of_ours(detail, stack_key)
    return None


def from_task(task: Record, stack_key: str) -> StateChange | None:
    """The change that an ECS task's record reports (event detail, or one of DescribeTasks).

    Raises: RecordError
    """
    return _task_of_ours(Fields(task), stack_key)


def from_job(job: Record, stack_key: str) -> StateChange | None:
    """The change that a Batch job's record reports (event detail, or one of DescribeJobs).

    Children of an array job and nodes of a multi-node job have their parent's name, but only the
    parent's end ends the run.

    Raises: RecordError
    """
    return _job_of_ours(Fields(job), stack_key)


def job_log_names(job: Record) -> list[LogName]:
    """The log streams of a Batch job's attempts, oldest first; only the latest ones if there are
    very many."""
    return _job_log_names(Fields(job))


def job_ends(job: Fields) -> list[ContainerEnd]:
    """How the containers of a job's last attempt ended."""
    last = next(reversed(_attempts(job)), Fields(None))
    return _ends(list(_attempt_containers(last)) or list(_job_containers(job)))


def own_task(task: Fields, stack_key: str) -> LaunchName | None:
    """The launch of this stack that a task's record belongs to."""
    return _ours(task.name("startedBy"), stack_key)


def own_job(job: Fields, stack_key: str) -> LaunchName | None:
    """The launch of this stack that a job's record belongs to. A child belongs to its parent's
    launch."""
    return _ours(job.name("jobName"), stack_key)


def _ours(text: str, stack_key: str) -> LaunchName | None:
    name = LaunchName.parse(text)
    return name if name is not None and name.stack_key == stack_key else None


def _task_of_ours(task: Fields, stack_key: str) -> StateChange | None:
    name = own_task(task, stack_key)
    return task_change(task, name.run_id, name.launch) if name else None


def _job_of_ours(job: Fields, stack_key: str) -> StateChange | None:
    name = own_job(job, stack_key)
    return job_change(job, name.run_id, name.launch) if name and not is_child(job) else None


def task_change(task: Fields, run_id: str, launch: int = 1) -> StateChange:
    """The change that a task's record reports, as that of a launch.

    Raises: RecordError
    """
    status = task.needed("lastStatus", empty=True)
    running = status == RUNNING
    return StateChange(
        run_id=run_id,
        launch=launch,
        backend="ecs",
        backend_id=task.needed("taskArn"),
        status=status,
        order=task.integer("version") or _UNKNOWN_RANK,
        place=last_segment(task.needed("clusterArn")),
        definition=task.needed("taskDefinitionArn"),
        started_at=task.moment("startedAt") if running else None,
        log_names=_task_log_names(task) if running else [],
        ending=_task_ending(task) if status in _ECS_ENDED else None,
    )


def job_change(job: Fields, run_id: str, launch: int = 1) -> StateChange:
    """The change that a job's record reports, as that of a launch.

    Raises: RecordError
    """
    status = job.needed("status", empty=True)
    running, ended = status == RUNNING, status in _BATCH_ENDED
    rank = _BATCH_RANK.get(status, _UNKNOWN_RANK)
    order = len(_attempts(job)) * _RANKS_PER_ATTEMPT + rank
    return StateChange(
        run_id=run_id,
        launch=launch,
        backend="batch",
        backend_id=job.needed("jobId"),
        status=status,
        order=_LAST if ended else min(order, _LAST - 1),
        place=last_segment(job.needed("jobQueue")),
        definition=job.needed("jobDefinition"),
        started_at=job.moment("startedAt") if running else None,
        log_names=_kept(_running_log_names(job)) if running else [],
        ending=_job_ending(job, status) if ended else None,
    )


def is_child(job: Fields) -> bool:
    """Whether it is a child of an array job or a node of a multi-node job, whose job id has the
    node's number behind a ``#`` (AWS Batch user guide, "Multi-node parallel jobs")."""
    return "index" in job.part("arrayProperties") or "#" in job.name("jobId")


def _job_log_names(job: Fields) -> list[LogName]:
    return _kept(
        LogName(container=name, name=container.name("logStreamName"), attempt=number)
        for number, attempt in enumerate(job.parts("attempts"), start=1)
        for name, container in _attempt_containers(attempt)
    )


def _running_log_names(job: Fields) -> Iterator[LogName]:
    """The log streams of a job's present attempt: Batch names them when it is running."""
    attempt = min(len(job.parts("attempts")) + 1, MOST_INTEGER)
    for name, container in (
        *_attempt_containers(job),
        *_attempt_containers(job.part("ecsProperties")),
    ):
        yield LogName(container=name, name=container.name("logStreamName"), attempt=attempt)


def _task_log_names(task: Fields) -> list[LogName]:
    return _kept(
        LogName(container=container.name("name"), name=container.name("runtimeId"))
        for container in task.parts("containers")
    )


def _kept(names: Iterable[LogName]) -> list[LogName]:
    """Those that name a stream of a container; the last of them, as far as a row has room."""
    kept: list[LogName] = []
    room = LOG_NAMES_BYTES
    for each in reversed([each for each in names if each.container and each.name]):
        room -= len(each.container.encode()) + len(each.name.encode())
        if room < 0 or len(kept) == MOST_LOG_NAMES:
            break
        kept.append(each)
    return kept[::-1]


def _task_ending(task: Fields) -> Ending:
    return Ending(
        code=task.name("stopCode"),
        reason=task.words("stoppedReason"),
        containers=_ends(
            (container.name("name") or _UNNAMED, container)
            for container in task.parts("containers")
        ),
        log_names=_task_log_names(task),
        started_at=task.moment("startedAt"),
        stopped_at=task.moment("stoppedAt"),
        usage=usage_of_task(task),
        pull_started_at=task.moment("pullStartedAt"),
        pull_stopped_at=task.moment("pullStoppedAt"),
    )


def _job_ending(job: Fields, status: str) -> Ending:
    last = next(reversed(_attempts(job)), Fields(None))
    return Ending(
        code=status,
        reason=job.words("statusReason") or last.words("statusReason"),
        succeeded=status == "SUCCEEDED",
        terminated=job.truth("isTerminated") or job.truth("isCancelled"),
        containers=job_ends(job),
        log_names=_job_log_names(job),
        nodes=job.part("nodeProperties").integer("numNodes") or 0,
        started_at=job.moment("startedAt"),
        stopped_at=job.moment("stoppedAt"),
        usage=usage_of_job(job),
    )


def _ends(containers: Iterable[tuple[str, Fields]]) -> list[ContainerEnd]:
    """How the containers ended. A container whose record can't be read is kept without an exit
    code: if it were left out, the others might look like a success."""
    ends = [
        ContainerEnd(
            name=name,
            exit_code=_exit_code(container),
            reason=container.words("reason"),
        )
        for name, container in containers
    ]
    if len(ends) > MOST_CONTAINERS:
        # Failed containers come first: if some have to be left out, it is the others.
        ends.sort(key=lambda end: end.exit_code == 0)
    return ends[:MOST_CONTAINERS]


def _exit_code(container: Fields) -> int | None:
    """The container's exit code, if it has one. Of a container that it has lost, the kubelet says
    137 with ContainerStatusUnknown, and containerd says 255 with Unknown (kubernetes/kubernetes,
    pkg/kubelet/kubelet_pods.go; containerd, internal/cri/server/restart.go)."""
    if _LOST_CONTAINER.match(container.words("reason")):
        return None
    return container.integer("exitCode", -MOST_INTEGER - 1)


def _attempts(job: Fields) -> list[Fields]:
    """A job's attempts, oldest first. A job on EKS has them in ``eksAttempts``."""
    return job.parts("attempts") or job.parts("eksAttempts")


def _job_containers(job: Fields) -> Iterator[tuple[str, Fields]]:
    """The containers of a job whose attempts don't name any, or that has no attempt yet."""
    yield from _attempt_containers(job)
    yield from _attempt_containers(job.part("eksProperties").part("podProperties"))


def _attempt_containers(attempt: Fields) -> Iterator[tuple[str, Fields]]:
    """Containers of an attempt by name: one without a name, those of ``taskProperties``, or those
    of a pod, where the ones that prepare it come first."""
    for pod_container in (*attempt.parts("initContainers"), *attempt.parts("containers")):
        yield pod_container.name("name") or POD_CONTAINER, pod_container
    container = attempt.part("container")
    if container:
        yield _DEFAULT, container
    for task in attempt.parts("taskProperties"):
        for container in task.parts("containers"):
            yield container.name("name") or _DEFAULT, container
