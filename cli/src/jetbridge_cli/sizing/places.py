"""Finds the ECS tasks of a run's launches, and their cluster."""

import re
from collections.abc import Sequence

from jetbridge.contract import Outcome
from jetbridge.runs.names import last_segment
from jetbridge_cli.aws import Aws
from jetbridge_cli.problems import Problem

# Amazon ECS developer guide, "Amazon ECS resource IDs": 32 hexadecimal digits, or once a UUID.
_TASK_ID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def task_ids(outcome: Outcome) -> list[str]:
    """Task ids of the last launch. For a Batch job these are the ids of its attempts' tasks, which
    are in the names of their log streams (AWS Batch user guide, "Using the awslogs log driver")."""
    if outcome.backend_id is None:
        return []
    named = (
        [last_segment(outcome.backend_id)]
        if outcome.backend == "ecs"
        else [last_segment(each.stream) for each in outcome.log_streams]
    )
    return list(dict.fromkeys(each for each in named if _TASK_ID.fullmatch(each)))


class Clusters:
    """The names of the clusters of runs. Asks AWS Batch once for each queue."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws
        self._of_queues: dict[str, list[str]] = {}

    def of(self, outcome: Outcome) -> list[str]:
        """A run's clusters. For a Batch job: the ``ecsClusterArn`` of all compute environments of
        its queue (API reference of AWS Batch, ComputeEnvironmentDetail). Raises ClientError,
        Problem."""
        if outcome.backend == "ecs":
            return [outcome.cluster] if outcome.cluster else []
        queue = outcome.job_queue or ""
        if queue not in self._of_queues:
            self._of_queues[queue] = self._ask(queue)
        return self._of_queues[queue]

    def _ask(self, queue: str) -> list[str]:
        queues = self._aws.batch.describe_job_queues(jobQueues=[queue])["jobQueues"]
        environments: Sequence[str] = [
            each["computeEnvironment"]
            for found in queues
            for each in found.get("computeEnvironmentOrder", [])
        ]
        if not environments:
            raise Problem(f"job queue {queue}: it is gone, or has no compute environment")
        answer = self._aws.batch.describe_compute_environments(
            computeEnvironments=list(environments)
        )
        arns = [each.get("ecsClusterArn", "") for each in answer["computeEnvironments"]]
        return [last_segment(arn) for arn in arns if arn]
