"""watch_runs, for tasks and jobs that this stack didn't launch: what AWS reports about one now."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from jetbridge.aws.records import Fields, Record
from jetbridge.backends.changes import own_job, own_task
from jetbridge.backends.foreign import job_id, task_id
from jetbridge.backends.job_records import is_child
from jetbridge.backends.port import Backend
from jetbridge.contract import BatchJob, ContractError, EcsTask, ForeignState
from jetbridge.outcomes.port import Outcomes
from jetbridge.runs.names import last_segment
from jetbridge.secrets.late import masked_text

CLUSTERS = "WatchedClusterArns"
QUEUES = "WatchedJobQueueArns"


class LookAtForeign(Struct, frozen=True):
    """Looks at tasks and jobs of others.

    Attributes:
        cluster_arns, job_queue_arns: the clusters and queues whose events the stack receives.
    """

    backends: Mapping[str, Backend]
    outcomes: Outcomes
    stack_key: str
    cluster_arns: Sequence[str] = ()
    job_queue_arns: Sequence[str] = ()

    def __call__(self, asked: EcsTask | BatchJob) -> ForeignState:
        """Ask ECS or Batch for the task or job. If AWS has forgotten it, use the stack's record.

        An end after this look comes as an event, so a waiting task misses none.

        Raises:
            ContractError: it is in no cluster or queue whose events the stack receives.
            Throttled, Unanswered: AWS didn't answer this time.
        """
        return self._task(asked) if isinstance(asked, EcsTask) else self._job(asked.job_id)

    def _task(self, asked: EcsTask) -> ForeignState:
        cluster = self._cluster(asked.cluster)
        kept_as = task_id(cluster, asked.task)
        task = self._described("ecs", cluster, asked.task)
        if task is None:
            return self._kept("ecs", asked.task, kept_as)
        own = own_task(Fields(task), self.stack_key)
        return ForeignState(
            run_id=own.run_id if own else kept_as,
            backend="ecs",
            backend_id=Fields(task).needed("taskArn"),
            status=Fields(task).name("lastStatus"),
            reason=masked_text(Fields(task).words("stoppedReason")),
        )

    def _cluster(self, asked: str) -> str:
        for arn in self.cluster_arns:
            if asked in (arn, last_segment(arn)):
                return arn
        raise _not_listed("foreign.cluster", asked, CLUSTERS, self.cluster_arns)

    def _job(self, asked: str) -> ForeignState:
        if not self.job_queue_arns:
            raise _not_listed("foreign.job_id", asked, QUEUES, ())
        job = self._described("batch", "", asked)
        if job is None:
            return self._kept("batch", asked, job_id(asked))
        queue = Fields(job).needed("jobQueue")
        own = own_job(Fields(job), self.stack_key)
        if queue not in self.job_queue_arns and own is None:
            about = f"{asked} of the job queue {queue}"
            raise _not_listed("foreign.job_id", about, QUEUES, self.job_queue_arns)
        return ForeignState(
            run_id=own.run_id if own else job_id(asked),
            backend="batch",
            backend_id=Fields(job).needed("jobId"),
            status=Fields(job).name("status"),
            reason=masked_text(Fields(job).words("statusReason")),
            awaited=not is_child(Fields(job)),
        )

    def _described(self, backend: str, place: str, name: str) -> Record | None:
        return next(iter(self.backends[backend].describe(place, [name])), None)

    def _kept(self, backend: str, name: str, kept_as: str) -> ForeignState:
        return ForeignState(
            run_id=kept_as,
            backend="ecs" if backend == "ecs" else "batch",
            backend_id=name,
            outcome=self.outcomes.get(kept_as),
        )


def _not_listed(field: str, value: str, parameter: str, listed: Sequence[str]) -> ContractError:
    there = f"which has {', '.join(listed)}" if listed else "which is empty"
    return ContractError(
        field,
        f"is {value}, which isn't in the stack's {parameter}, {there}",
        f"Add its ARN to {parameter} and deploy the stack, or wait with the amazon provider's "
        "sensor",
    )
