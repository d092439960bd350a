"""The ECS clusters of Batch jobs."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from jetbridge.aws.clients import error_of
from jetbridge.contract import Outcome
from jetbridge.runs.names import last_segment
from jetbridge.sizing.port import Unknown

if TYPE_CHECKING:
    from mypy_boto3_batch import BatchClient


class Clusters:
    """``Places``. Asks AWS Batch once for each queue."""

    def __init__(self, client_of: Callable[[], "BatchClient"]) -> None:
        self._client_of = client_of
        self._of_queues: dict[str, list[str]] = {}

    def of(self, outcome: Outcome) -> list[str]:
        """A run's clusters. For a Batch job: the ``ecsClusterArn`` of all compute environments of
        its queue (API reference of AWS Batch, ComputeEnvironmentDetail). Raises: Unknown"""
        if outcome.backend == "ecs":
            return [outcome.cluster] if outcome.cluster else []
        queue = outcome.job_queue or ""
        if queue not in self._of_queues:
            try:
                self._of_queues[queue] = self._ask(queue)
            except Unknown:
                raise
            except Exception as error:
                code, message = error_of(error)
                raise Unknown(
                    f"the cluster of the job queue {queue} isn't known: {code}: {message}"
                ) from error
        return self._of_queues[queue]

    def _ask(self, queue: str) -> list[str]:
        client = self._client_of()
        queues = client.describe_job_queues(jobQueues=[queue])["jobQueues"]
        environments: Sequence[str] = [
            each["computeEnvironment"]
            for found in queues
            for each in found.get("computeEnvironmentOrder", [])
        ]
        if not environments:
            raise Unknown(f"job queue {queue}: it is gone, or has no compute environment")
        answer = client.describe_compute_environments(computeEnvironments=list(environments))
        arns = [each.get("ecsClusterArn", "") for each in answer["computeEnvironments"]]
        return [last_segment(arn) for arn in arns if arn]
