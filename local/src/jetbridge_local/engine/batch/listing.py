"""ListJobs.

Source: API_ListJobs: with filters, jobStatus doesn't count; without either it is RUNNING.
"""

from collections.abc import Callable, Iterable
from typing import Any

from ..paging import page
from .errors import client_error
from .job import Job
from .queues import JobQueues

_LARGEST_PAGE = 1000


def list_jobs(
    parameters: dict[str, Any], jobs: dict[str, Job], queues: JobQueues
) -> dict[str, Any]:
    """The answer, newest job first (children by index). The items of a page are the API's
    JobSummary."""
    targets = [m for m in ("jobQueue", "arrayJobId", "multiNodeJobId") if m in parameters]
    if len(targets) != 1:
        raise client_error("Provide one of: jobQueue, arrayJobId, or multiNodeJobId")
    candidates = _candidates(parameters, jobs, queues)
    filters = parameters.get("filters", [])
    if filters and "arrayJobId" in parameters:
        raise client_error("filters can't be used with arrayJobId.")
    if filters:
        matches = _filter(filters)
        found = [job for job in candidates if matches(job)]
    else:
        status = parameters.get("jobStatus", "RUNNING")
        found = [job for job in candidates if job.status == status]
    if not 1 <= parameters.get("maxResults", 1) <= _LARGEST_PAGE:
        raise client_error(f"maxResults must be between 1 and {_LARGEST_PAGE}.")
    items, more = page(
        found,
        lambda job: job.sequence,
        parameters,
        "ClientException",
        descending="jobQueue" in parameters,
    )
    return {"jobSummaryList": [_summary(job) for job in items], **more}


def _candidates(
    parameters: dict[str, Any], jobs: dict[str, Job], queues: JobQueues
) -> Iterable[Job]:
    if "arrayJobId" in parameters:
        parent = jobs.get(parameters["arrayJobId"])
        return parent.children if parent else []
    if "multiNodeJobId" in parameters:
        parent = jobs.get(parameters["multiNodeJobId"])
        return parent.children if parent else []
    arn = queues.require(parameters["jobQueue"])["jobQueueArn"]
    newest_first = reversed(jobs.values())
    return (job for job in newest_first if job.record["jobQueue"] == arn and not job.is_member)


def _filter(filters: list[dict[str, Any]]) -> Callable[[Job], bool]:
    if len(filters) > 1:
        raise client_error("Only one filter can be used at a time.")
    name, values = filters[0].get("name"), filters[0].get("values", [])
    if not values:
        raise client_error(f"The filter {name} has no values.")
    if name == "JOB_NAME":
        return lambda job: any(_like(value, job.record["jobName"]) for value in values)
    if name == "JOB_DEFINITION":
        return lambda job: any(_is_of(job, value) for value in values)
    if name in ("BEFORE_CREATED_AT", "AFTER_CREATED_AT"):
        if not values[0].isdecimal():
            raise client_error(f"{name} needs milliseconds since the epoch, not {values[0]!r}.")
        at = int(values[0])
        if name == "BEFORE_CREATED_AT":
            return lambda job: bool(job.record["createdAt"] < at)
        return lambda job: bool(job.record["createdAt"] > at)
    raise client_error(
        f"The filter {name!r} isn't one of JOB_NAME, JOB_DEFINITION, BEFORE_CREATED_AT and "
        "AFTER_CREATED_AT."
    )


def _like(pattern: str, value: str) -> bool:
    """Whether the text matches. Case doesn't matter; an asterisk at the end matches any text."""
    pattern, value = pattern.lower(), value.lower()
    if pattern.endswith("*"):
        return value.startswith(pattern[:-1])
    return value == pattern


def _is_of(job: Job, value: str) -> bool:
    """Whether the job's definition matches, by ``name``, ``name*``, ``name:revision`` or ARN."""
    arn = job.record["jobDefinition"]
    with_revision = arn.rsplit("/", 1)[-1]
    name = with_revision.partition(":")[0]
    return arn == value or _like(value, with_revision) or _like(value, name)


def _summary(job: Job) -> dict[str, Any]:
    record = job.record
    members = ("jobArn", "jobId", "jobName", "createdAt", "status", "statusReason", "startedAt")
    more = ("stoppedAt", "jobDefinition", "shareIdentifier", "isCancelled", "isTerminated")
    summary = {member: record[member] for member in (*members, *more) if member in record}
    container = record.get("container", {})
    if ended := {m: container[m] for m in ("exitCode", "reason") if m in container}:
        summary["container"] = ended
    array = record.get("arrayProperties", {})
    if array:
        summary["arrayProperties"] = {m: array[m] for m in ("size", "index") if m in array}
    if nodes := record.get("nodeProperties"):
        summary["nodeProperties"] = {"numNodes": nodes["numNodes"]}
    if node := record.get("nodeDetails"):
        summary["nodeProperties"] = dict(node)
    return summary
