"""`EcsRunTaskOperator`: the amazon provider's operator of that name, run by Jetbridge."""

from __future__ import annotations

from collections.abc import Container, Sequence
from datetime import timedelta
from typing import Any, ClassVar

from airflow_provider_jetbridge.exceptions import StartRefused
from airflow_provider_jetbridge.failing import Interpretation, exit_codes
from airflow_provider_jetbridge.links.buttons import ContainerLogLink, EcsTaskLink, JetbridgeRunLink
from airflow_provider_jetbridge.operators.as_stock import id_in
from airflow_provider_jetbridge.operators.ecs_as_stock import EcsAsStock
from airflow_provider_jetbridge.operators.limits import polling_limit, shorter
from airflow_provider_jetbridge.operators.run import MAX_TAIL_LINES, JetbridgeRunOperator
from airflow_provider_jetbridge.stock import from_stock
from airflow_provider_jetbridge.templates import is_nothing

WAITER_MAX_ATTEMPTS = 1_000_000
"""The amazon provider's default, which means no limit (operators/ecs.py)."""

WAITER_DELAY = 6


class EcsRunTaskOperator(EcsAsStock):
    """Run an ECS task without holding a worker and without polling AWS.

    Takes every keyword of ``airflow.providers.amazon.aws.operators.ecs.EcsRunTaskOperator``, and
    those of `JetbridgeRunOperator`. XCom: ``return_value`` (the container's result, or its last log
    line), ``run_id``, ``exit_codes`` by container, ``ecs_task_arn``.

    :param task_definition: family, ``family:revision`` or ARN of the task definition. (templated)
    :param cluster: short name or ARN of the cluster. (templated)
    :param overrides: RunTask's ``overrides``, in AWS's spelling. (templated)
    :param launch_type: ``EC2``, ``FARGATE`` or ``EXTERNAL``. It has no effect together with
        ``capacity_provider_strategy``. (templated)
    :param capacity_provider_strategy: RunTask's ``capacityProviderStrategy``. (templated)
    :param volume_configurations: RunTask's ``volumeConfigurations``. (templated)
    :param group: RunTask's ``group``. (templated)
    :param placement_constraints: RunTask's ``placementConstraints``. (templated)
    :param placement_strategy: RunTask's ``placementStrategy``. (templated)
    :param platform_version: RunTask's ``platformVersion``. (templated)
    :param network_configuration: RunTask's ``networkConfiguration``. (templated)
    :param tags: tags of the task, as a dictionary. (templated)
    :param propagate_tags: RunTask's ``propagateTags``. (templated)
    :param awslogs_group: not needed, because Jetbridge reads the log's place from the task
        definition. Together with ``awslogs_stream_prefix`` it makes the last log line the task's
        return value, as in the amazon provider. (templated)
    :param awslogs_stream_prefix: see ``awslogs_group``. (templated)
    :param last_line_as_result: whether the last log line is the return value if the container
        reports no result. None leaves it to the two parameters above.
    :param number_logs_exception: how many last log lines the exception of a failed run shows,
        at most 100. None means 100. (templated)
    :param skip_on_exit_code: skip the Airflow task if every deciding container that fails exits
        with this code, or with one of these.
    :param fail_on_exit_code: fail the Airflow task without a retry if a deciding container exits
        with this code, or with one of these. It takes precedence over ``skip_on_exit_code``. The
        amazon provider plans to add the same keyword.
    :param stop_task_on_failure: stop the run if the task fails after it started the run, and while
        it waits. If False, the run continues, even after ``waiter_max_attempts``.
    :param wait_for_completion: if False, the Airflow task succeeds when ECS has started the ECS
        task. Its ARN is in XCom ``ecs_task_arn``. (templated)
    :param awslogs_region: without effect, because the task definition has it. (templated)
    :param container_name: the container whose result or last log line is the return value. The logs
        of all containers are shown. (templated)
    :param awslogs_fetch_interval: without effect, because nothing polls. (templated)
    :param deferrable: the operator always defers. True implies waiting for completion, as in the
        amazon provider. (templated)
    :param waiter_delay: nothing polls. With ``waiter_max_attempts`` it limits the run's time.
    :param waiter_max_attempts: Jetbridge stops the run after ``waiter_max_attempts`` times
        ``waiter_delay`` seconds, or after ``execution_timeout`` if that is shorter. The default,
        None, and limits of about 70 days or more have no effect. See ``stop_task_on_failure``.
    :param quota_retry: without effect, as in the amazon provider. Jetbridge itself waits for
        capacity.
    """

    ui_color = "#f0ede4"
    backend_id_key = "ecs_task_arn"
    operator_extra_links = (EcsTaskLink(), ContainerLogLink(), JetbridgeRunLink())
    template_fields: Sequence[str] = (
        *JetbridgeRunOperator.template_fields,
        "task_definition",
        "cluster",
        "overrides",
        "launch_type",
        "capacity_provider_strategy",
        "volume_configurations",
        "group",
        "placement_constraints",
        "placement_strategy",
        "platform_version",
        "network_configuration",
        "tags",
        "awslogs_group",
        "awslogs_region",
        "awslogs_stream_prefix",
        "awslogs_fetch_interval",
        "container_name",
        "propagate_tags",
        "number_logs_exception",
        "wait_for_completion",
        "deferrable",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {
        "overrides": "json",
        "network_configuration": "json",
        "tags": "json",
    }

    def __init__(
        self,
        *,
        task_definition: str,
        cluster: str,
        overrides: dict[str, Any],
        launch_type: str = "EC2",
        capacity_provider_strategy: list[Any] | None = None,
        volume_configurations: list[Any] | None = None,
        group: str | None = None,
        placement_constraints: list[Any] | None = None,
        placement_strategy: list[Any] | None = None,
        platform_version: str | None = None,
        network_configuration: dict[str, Any] | None = None,
        tags: dict[str, str] | None = None,
        awslogs_group: str | None = None,
        awslogs_region: str | None = None,
        awslogs_stream_prefix: str | None = None,
        awslogs_fetch_interval: timedelta = timedelta(seconds=30),
        container_name: str | None = None,
        propagate_tags: str | None = None,
        quota_retry: dict[str, Any] | None = None,
        number_logs_exception: int = 10,
        waiter_delay: int = WAITER_DELAY,
        waiter_max_attempts: int = WAITER_MAX_ATTEMPTS,
        skip_on_exit_code: int | Container[int] | None = None,
        fail_on_exit_code: int | Container[int] | None = None,
        stop_task_on_failure: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.task_definition = task_definition
        self.cluster = cluster
        self.overrides = overrides
        self.launch_type = launch_type
        self.capacity_provider_strategy = capacity_provider_strategy
        self.volume_configurations = volume_configurations
        self.group = group
        self.placement_constraints = placement_constraints
        self.placement_strategy = placement_strategy
        self.platform_version = platform_version
        self.network_configuration = network_configuration
        self.tags = tags
        self.awslogs_group = awslogs_group
        self.awslogs_region = awslogs_region
        self.awslogs_stream_prefix = awslogs_stream_prefix
        self.awslogs_fetch_interval = awslogs_fetch_interval
        self.container_name = container_name
        self.propagate_tags = propagate_tags
        self.retry_args = quota_retry
        self.arn = None
        self.task_log_fetcher = None
        self.number_logs_exception = number_logs_exception
        self.waiter_delay = waiter_delay
        self.waiter_max_attempts = waiter_max_attempts
        self.skip_on_exit_code = exit_codes(skip_on_exit_code)
        self.fail_on_exit_code = fail_on_exit_code
        self.stop_task_on_failure = stop_task_on_failure

    def job(self) -> dict[str, Any]:
        """RunTask's parameters, composed as in the amazon provider (``_start_task``)."""
        parameters: dict[str, Any] = {
            "overrides": self.overrides,
            "volumeConfigurations": self.volume_configurations,
            "platformVersion": self.platform_version,
            "group": self.group,
            "placementConstraints": self.placement_constraints,
            "placementStrategy": self.placement_strategy,
            "networkConfiguration": self.network_configuration,
            "propagateTags": self.propagate_tags,
        }
        if self.capacity_provider_strategy:
            parameters["capacityProviderStrategy"] = self.capacity_provider_strategy
        elif self.launch_type:
            parameters["launchType"] = self.launch_type
        if self.tags is not None:
            parameters["tags"] = _as_list(self.tags)
        given = {key: value for key, value in parameters.items() if value is not None}
        # Without a cluster RunTask takes the account's default one. A template that finds none is
        # refused, as in the amazon provider.
        where = {"cluster": self.cluster, "taskDefinition": self.task_definition}
        return {"run_task": where | given}

    def stock_event(self, event: dict[str, Any]) -> dict[str, Any]:
        """The event that triggers/ecs.py (``TaskDoneTrigger``) sends for every stopped task."""
        arn = id_in(event)
        return {"status": "success", "task_arn": arn, "cluster": self._cluster_of(arn)}

    @property
    def tail_lines(self) -> int:
        if is_nothing(self.number_logs_exception):
            return MAX_TAIL_LINES
        return min(max(int(self.number_logs_exception), 0), MAX_TAIL_LINES)

    @property
    def wants_last_line(self) -> bool:
        if self.last_line_as_result is None:
            return self._aws_logs_enabled()
        return self.last_line_as_result

    @property
    def result_container(self) -> str | None:
        if self.container_name:
            return self.container_name
        # Users of the stock operator also give the container name as the second half of the stream
        # prefix. But it may be part of a prefix with slashes. So Jetbridge takes it only if the
        # definition has a container of that name.
        _, found, container = (self.awslogs_stream_prefix or "").rstrip("/").rpartition("/")
        return container or None if found else None

    @property
    def time_limit(self) -> timedelta | None:
        limit = self._waiter_limit if self.stop_task_on_failure else None
        return shorter(super().time_limit, limit)

    @property
    def wait_limit(self) -> timedelta | None:
        return None if self.stop_task_on_failure else self._waiter_limit

    @property
    def _waiter_limit(self) -> timedelta | None:
        if self.waiter_max_attempts == WAITER_MAX_ATTEMPTS:
            return None
        return polling_limit(self.waiter_max_attempts, self.waiter_delay, usual_delay=WAITER_DELAY)

    @property
    def interpretation(self) -> Interpretation:
        return Interpretation(
            skip_on=self.skip_on_exit_code,
            fail_on=exit_codes(self.fail_on_exit_code),
            number_of_lines=self.tail_lines,
            lines_wanted=self._aws_logs_enabled(),
        )

    @property
    def stops_run_on_failure(self) -> bool:
        return self.stop_task_on_failure


def _as_list(tags: Any) -> list[dict[str, Any]]:
    """RunTask's ``tags``.

    Raises:
        StartRefused: the keyword isn't a dict, such as the list that AWS takes.
    """
    if not isinstance(tags, dict):
        raise StartRefused(
            f"tags: is a {type(tags).__name__}; nothing was started. Give a dict, as in "
            'tags={"team": "data"}; a template gives one with render_template_as_native_obj=True '
            "in its DAG"
        )
    return [{"key": key, "value": value} for key, value in tags.items()]


def __getattr__(name: str) -> Any:
    """Return the amazon provider's operators that this module doesn't replace."""
    return from_stock("airflow.providers.amazon.aws.operators.ecs", __name__, name)
