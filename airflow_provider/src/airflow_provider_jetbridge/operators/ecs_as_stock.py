"""Attributes and methods of the amazon provider's ECS operator that its subclasses use."""

from __future__ import annotations

from typing import Any

from airflow_provider_jetbridge.operators.run import JetbridgeRunOperator
from airflow_provider_jetbridge.operators.stock_hook import HasEcsClient
from airflow_provider_jetbridge.stock import Imported


class EcsAsStock(HasEcsClient, JetbridgeRunOperator):
    """Attributes:
    arn: the ECS task's ARN. It is known when the task ends, and in its callbacks.
    retry_args: ``quota_retry``.
    task_log_fetcher: always None, because Jetbridge copies the log.
    """

    aws_hook_class = Imported("airflow.providers.amazon.aws.hooks.ecs", "EcsHook")
    stock_operator = Imported("airflow.providers.amazon.aws.operators.ecs", "EcsRunTaskOperator")
    backend_id_attribute = "arn"

    arn: str | None
    cluster: Any
    retry_args: dict[str, Any] | None
    task_log_fetcher: None
    _started_by: str | None = None

    awslogs_group: str | None
    awslogs_region: str | None
    awslogs_stream_prefix: str | None
    container_name: str | None

    def _knows(self, backend_id: str | None) -> None:
        super()._knows(backend_id)
        self.cluster = self._cluster_of(backend_id)

    def _cluster_of(self, task_arn: str | None) -> Any:
        """The cluster that the task ran in. The amazon provider's event restores it, for subclasses
        whose ``execute`` chooses it (apache/airflow#40207).

        A task's ARN ends with the cluster's name and the task's id (Amazon ECS developer guide,
        "Amazon Resource Names (ARNs) and IDs"). The older format has no cluster.
        """
        parts = (task_arn or "").split("/")
        own = str(self.cluster or "").split("/")[-1]
        return self.cluster if len(parts) != 3 or parts[1] == own else parts[1]

    def _after_execution(self) -> None:
        self._check_success_task()

    def _check_success_task(self) -> None:
        super()._after_execution()

    @staticmethod
    def _get_ecs_task_id(task_arn: str | None) -> str | None:
        return None if task_arn is None else task_arn.split("/")[-1]

    def _aws_logs_enabled(self) -> bool:
        return bool(self.awslogs_group and self.awslogs_stream_prefix)

    def _get_logs_stream_name(self) -> str:
        """The container's log stream. Its name ends with the last part of the task's ARN."""
        prefix, container = self.awslogs_stream_prefix, self.container_name
        task_id = self._get_ecs_task_id(self.arn)
        if prefix and container and not prefix.endswith(f"/{container}"):
            return f"{prefix}/{container}/{task_id}"
        return f"{prefix}/{task_id}"

    def resolve_awslogs_region(self) -> str | None:
        return self.region_name if self.awslogs_region is None else self.awslogs_region
