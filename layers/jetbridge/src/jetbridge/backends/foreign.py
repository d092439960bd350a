"""Tasks and jobs that an Airflow task waits for, though this stack didn't launch them.

They have no run. Their outcomes are in the outcomes table, too, under ids of the same form
as run ids.
"""

from msgspec import Struct

from jetbridge.aws.records import Fields
from jetbridge.backends.changes import (
    BATCH_EVENT,
    ECS_EVENT,
    own_job,
    own_task,
)
from jetbridge.backends.job_records import is_child, job_change
from jetbridge.backends.task_records import task_change
from jetbridge.contract import PersonCaller, run_id_of
from jetbridge.runs.names import last_segment
from jetbridge.runs.reports import StateChange

SOMEBODY = "somebody else"
"""Who started a task or job if AWS's record doesn't say; Batch's records never do."""


class Foreign(Struct, frozen=True):
    """A task or job that this stack didn't launch, as a state change under the id by which it is
    kept."""

    change: StateChange
    started_by: str = SOMEBODY

    @property
    def caller(self) -> PersonCaller:
        return PersonCaller(name=self.started_by)


def task_id(cluster_arn: str, task: str) -> str:
    """The id under which a task is kept.

    Args:
        task: its ARN or id. The older form of the ARN lacks the cluster (Amazon ECS developer
            guide, "Amazon Resource Names (ARNs) and IDs"), so only the id in it counts.
    """
    return run_id_of(f"ecs-task/{cluster_arn}/{last_segment(task)}")


def job_id(job: str) -> str:
    """The id under which a job is kept."""
    return run_id_of(f"batch-job/{job}")


def foreign_event(event: object, stack_key: str) -> Foreign | None:
    """The task or job of an EventBridge event. None if it belongs to a run of this stack. None for
    a child of an array job or a node of a multi-node job, too: only the parent's end is the job's
    end.

    Raises:
        RecordError: it lacks a field that AWS always sends.
    """
    fields = Fields(event)
    kind, detail = fields.needed("detail-type"), fields.part("detail")
    if kind == ECS_EVENT and own_task(detail, stack_key) is None:
        kept_as = task_id(detail.needed("clusterArn"), detail.needed("taskArn"))
        started_by = detail.name("startedBy") or SOMEBODY
        return Foreign(task_change(detail, kept_as), started_by)
    if kind == BATCH_EVENT and own_job(detail, stack_key) is None and not is_child(detail):
        return Foreign(job_change(detail, job_id(detail.needed("jobId"))))
    return None
