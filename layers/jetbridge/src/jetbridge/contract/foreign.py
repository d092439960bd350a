"""Tasks and jobs that the stack didn't launch: how a request names them, and their state."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from jetbridge.contract.outcome import Outcome

ArnOrName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9:/_.-]{1,512}\Z")]
"""An ARN of ECS, or the short name or id in it."""

JobId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9:#_-]{1,128}\Z")]
"""A Batch job's id; a child's has ``:`` and its index behind it, a node's ``#`` and its number."""


class EcsTask(
    Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind", tag="ecs_task"
):
    """An ECS task.

    Attributes:
        cluster: the cluster's short name or ARN, one of the stack's ``WatchedClusterArns``.
        task: the task's id or ARN.
    """

    cluster: ArnOrName
    task: ArnOrName


class BatchJob(
    Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind", tag="batch_job"
):
    """A Batch job in one of the stack's ``WatchedJobQueueArns``."""

    job_id: JobId


class ForeignState(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The current state of a task or job.

    Attributes:
        run_id: the id under which its end appears in the outcomes table. If Jetbridge launched it,
            this is the id of its run.
        status: ECS ``lastStatus`` or Batch ``status``; empty if AWS doesn't know it.
        reason: ECS ``stoppedReason`` or Batch ``statusReason``.
        outcome: the stored end, if AWS has forgotten the task or job.
        awaited: whether its end will appear in the outcomes table. The end of an array job's child
            won't.
    """

    run_id: str
    backend: Literal["ecs", "batch"]
    backend_id: str
    status: str = ""
    reason: str = ""
    outcome: Outcome | None = None
    awaited: bool = True
