"""Makes state changes from AWS's records: events, and answers of Describe calls.

Unknown fields and statuses are allowed. A field that can't be used counts as missing
(``records.Fields``). A missing exit code stays missing; a change without a version never replaces a
recorded one.
"""

from jetbridge.aws.records import Fields, Record
from jetbridge.backends.job_records import is_child, job_change
from jetbridge.backends.task_records import task_change
from jetbridge.runs.names import LaunchName
from jetbridge.runs.reports import StateChange

ECS_EVENT = "ECS Task State Change"
BATCH_EVENT = "Batch Job State Change"


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
