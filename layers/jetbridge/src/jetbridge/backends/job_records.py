"""State changes from the records of Batch jobs.

Shapes: DescribeJobs (AWS Batch API reference, "JobDetail"); "Batch job state change events" (AWS
Batch user guide) have it as their detail.
"""

import re
from collections.abc import Iterator

from jetbridge.aws.records import MOST_INTEGER, Fields, Record
from jetbridge.backends.containers import container_ends, named_logs
from jetbridge.backends.log_sources import POD_CONTAINER
from jetbridge.backends.usage import usage_of_job
from jetbridge.runs.names import last_segment
from jetbridge.runs.reports import RUNNING, ContainerEnd, Ending, LogName, StateChange

_RANK = {"SUBMITTED": 0, "PENDING": 1, "RUNNABLE": 2, "STARTING": 4, RUNNING: 5}
# Of a RUNNABLE job of which Batch says that it can't be started.
_MISCONFIGURED_RANK = 3
_ENDED = ("SUCCEEDED", "FAILED")
# An unknown status has no place in the order, so it must not replace a known one.
_UNKNOWN_RANK = 0
_RANKS_PER_ATTEMPT = 10
_LAST = 1_000_000
_MISCONFIGURED = re.compile(r"MISCONFIGURATION:[A-Z0-9_]+")
# What Batch calls the container of a job that has only one.
_DEFAULT = "default"


def job_change(job: Fields, run_id: str, launch: int = 1) -> StateChange:
    """The change that a job's record reports, as that of a launch.

    Raises: RecordError
    """
    status = job.needed("status", empty=True)
    running, ended = status == RUNNING, status in _ENDED
    rank = _MISCONFIGURED_RANK if misconfiguration(job) else _RANK.get(status, _UNKNOWN_RANK)
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
        log_names=named_logs(_running_log_names(job)) if running else [],
        ending=_ending(job, status) if ended else None,
    )


def misconfiguration(job: Fields) -> str:
    """Batch's code for why a RUNNABLE job can't be started until somebody changes something; empty
    if Batch doesn't say so ("Jobs stuck in a RUNNABLE status", AWS Batch user guide). For example
    ``MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT``."""
    if job.name("status") != "RUNNABLE":
        return ""
    found = _MISCONFIGURED.match(job.words("statusReason"))
    return found[0] if found else ""


def job_log_names(job: Record) -> list[LogName]:
    """The log streams of a Batch job's attempts, oldest first; only the latest ones if there are
    very many."""
    return _log_names(Fields(job))


def job_ends(job: Fields) -> list[ContainerEnd]:
    """How the containers of a job's last attempt ended."""
    last = next(reversed(_attempts(job)), Fields(None))
    return container_ends(list(_attempt_containers(last)) or list(_job_containers(job)))


def is_child(job: Fields) -> bool:
    """Whether it is a child of an array job or a node of a multi-node job, whose job id has the
    node's number behind a ``#`` (AWS Batch user guide, "Multi-node parallel jobs")."""
    return "index" in job.part("arrayProperties") or "#" in job.name("jobId")


def _log_names(job: Fields) -> list[LogName]:
    return named_logs(
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


def _ending(job: Fields, status: str) -> Ending:
    last = next(reversed(_attempts(job)), Fields(None))
    return Ending(
        code=status,
        reason=job.words("statusReason") or last.words("statusReason"),
        succeeded=status == "SUCCEEDED",
        terminated=job.truth("isTerminated") or job.truth("isCancelled"),
        containers=job_ends(job),
        log_names=_log_names(job),
        nodes=job.part("nodeProperties").integer("numNodes") or 0,
        started_at=job.moment("startedAt"),
        stopped_at=job.moment("stoppedAt"),
        usage=usage_of_job(job),
    )


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
