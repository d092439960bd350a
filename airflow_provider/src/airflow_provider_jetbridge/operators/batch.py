"""`BatchOperator`: the amazon provider's operator of that name, run by Jetbridge."""

from __future__ import annotations

from collections.abc import Container, Sequence
from datetime import timedelta
from typing import Any, ClassVar

from airflow_provider_jetbridge.failing import Interpretation, exit_codes
from airflow_provider_jetbridge.links.buttons import (
    BatchJobLink,
    ContainerLogLink,
    JetbridgeRunLink,
)
from airflow_provider_jetbridge.operators.as_stock import id_in
from airflow_provider_jetbridge.operators.limits import polling_limit, shorter
from airflow_provider_jetbridge.operators.run import JetbridgeRunOperator
from airflow_provider_jetbridge.stock import Imported, from_stock
from airflow_provider_jetbridge.templates import is_true
from jetbridge.contract import Outcome

MAX_RETRIES = 4200
"""The amazon provider's default: 48 hours of polling in its non-deferrable mode
(operators/batch.py). No author chose it, so it isn't taken as a limit."""

POLL_INTERVAL = 30


class BatchOperator(JetbridgeRunOperator):
    """Run an AWS Batch job without holding a worker and without polling AWS.

    Takes every keyword of ``airflow.providers.amazon.aws.operators.batch.BatchOperator``, and
    those of `JetbridgeRunOperator`. XCom: ``return_value`` (the container's result, or the job id
    as in the amazon provider), ``run_id``, ``exit_codes`` by container, ``batch_job_id``.

    :param job_name: the job's name. Jetbridge puts its own key in front. (templated)
    :param job_definition: name, ``name:revision`` or ARN of the job definition. (templated)
    :param job_queue: name or ARN of the queue. (templated)
    :param container_overrides: SubmitJob's ``containerOverrides``. (templated)
    :param ecs_properties_override: SubmitJob's ``ecsPropertiesOverride``. (templated)
    :param eks_properties_override: SubmitJob's ``eksPropertiesOverride``. (templated)
    :param node_overrides: SubmitJob's ``nodeOverrides``. (templated)
    :param array_properties: SubmitJob's ``arrayProperties``. (templated)
    :param share_identifier: SubmitJob's ``shareIdentifier``.
    :param scheduling_priority_override: SubmitJob's ``schedulingPriorityOverride``.
    :param parameters: SubmitJob's ``parameters``. (templated)
    :param retry_strategy: SubmitJob's ``retryStrategy``. (templated)
    :param tags: tags of the job, as a dictionary. (templated)
    :param submit_job_timeout: Batch's own limit for one attempt of the job, in seconds.
    :param wait_for_completion: if False, the task succeeds when Batch has the job, and returns the
        job id. (templated)
    :param last_line_as_result: if True and the container reports no result, the last log line is
        the return value. Otherwise the job id is.
    :param job_id: without effect, as in the amazon provider. (templated)
    :param waiters: without effect, because nothing polls. The same goes for ``status_retries``.
        (templated)
    :param max_retries: with ``deferrable=True``, Jetbridge stops the run after ``max_retries``
        times ``poll_interval`` seconds, when the amazon provider's deferrable operator gives up, or
        after ``execution_timeout`` if that is shorter. The default, None and zero have no effect.
        Without ``deferrable`` it has no effect either, because the amazon provider then counts
        growing pauses.
    :param poll_interval: nothing polls. It only sets a limit with ``max_retries``.
    :param awslogs_enabled: without effect, because logs are always shown. The same goes for
        ``awslogs_fetch_interval``. (templated)
    :param fail_on_exit_code: fail the Airflow task without a retry if a deciding container exits
        with this code, or with one of these. The amazon provider plans to add the same keyword.
    :param deferrable: the operator always defers. True implies waiting for completion, as in the
        amazon provider.
    """

    ui_color = "#c3dae0"
    backend_id_key = "batch_job_id"
    backend_id_attribute = "job_id"
    aws_hook_class = Imported("airflow.providers.amazon.aws.hooks.batch_client", "BatchClientHook")
    stock_operator = Imported("airflow.providers.amazon.aws.operators.batch", "BatchOperator")
    arn: str | None = None
    operator_extra_links = (BatchJobLink(), ContainerLogLink(), JetbridgeRunLink())
    template_fields: Sequence[str] = (
        *JetbridgeRunOperator.template_fields,
        "job_id",
        "job_name",
        "job_definition",
        "job_queue",
        "container_overrides",
        "array_properties",
        "ecs_properties_override",
        "eks_properties_override",
        "node_overrides",
        "parameters",
        "retry_strategy",
        "waiters",
        "tags",
        "wait_for_completion",
        "awslogs_enabled",
        "awslogs_fetch_interval",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {
        "container_overrides": "json",
        "parameters": "json",
        "ecs_properties_override": "json",
        "eks_properties_override": "json",
        "node_overrides": "json",
        "retry_strategy": "json",
    }

    def __init__(
        self,
        *,
        job_name: str,
        job_definition: str,
        job_queue: str,
        container_overrides: dict[str, Any] | None = None,
        array_properties: dict[str, Any] | None = None,
        ecs_properties_override: dict[str, Any] | None = None,
        eks_properties_override: dict[str, Any] | None = None,
        node_overrides: dict[str, Any] | None = None,
        share_identifier: str | None = None,
        scheduling_priority_override: int | None = None,
        parameters: dict[str, Any] | None = None,
        retry_strategy: dict[str, Any] | None = None,
        job_id: str | None = None,
        waiters: Any | None = None,
        max_retries: int = MAX_RETRIES,
        status_retries: int | None = None,
        tags: dict[str, str] | None = None,
        poll_interval: int = POLL_INTERVAL,
        awslogs_enabled: bool = False,
        awslogs_fetch_interval: timedelta = timedelta(seconds=30),
        submit_job_timeout: int | None = None,
        fail_on_exit_code: int | Container[int] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.job_name = job_name
        self.job_definition = job_definition
        self.job_queue = job_queue
        self.container_overrides = container_overrides
        self.array_properties = array_properties
        self.ecs_properties_override = ecs_properties_override
        self.eks_properties_override = eks_properties_override
        self.node_overrides = node_overrides
        self.share_identifier = share_identifier
        self.scheduling_priority_override = scheduling_priority_override
        self.parameters = parameters or {}
        self.retry_strategy = retry_strategy
        self.job_id = job_id
        self.waiters = waiters
        self.max_retries = max_retries
        self.status_retries = status_retries
        self.tags = tags or {}
        self.poll_interval = poll_interval
        self.awslogs_enabled = awslogs_enabled
        self.awslogs_fetch_interval = awslogs_fetch_interval
        self.submit_job_timeout = submit_job_timeout
        self.fail_on_exit_code = fail_on_exit_code

    def job(self) -> dict[str, Any]:
        """SubmitJob's parameters, composed as in the amazon provider (``submit_job``)."""
        parameters: dict[str, Any] = {
            "jobName": self.job_name,
            "jobQueue": self.job_queue,
            "jobDefinition": self.job_definition,
            "arrayProperties": self.array_properties,
            "parameters": self.parameters,
            # SubmitJob doesn't take an empty object (AWS Batch API reference, tags: at least one
            # entry).
            "tags": self.tags or None,
            "containerOverrides": self.container_overrides,
            "ecsPropertiesOverride": self.ecs_properties_override,
            "eksPropertiesOverride": self.eks_properties_override,
            "nodeOverrides": self.node_overrides,
            "retryStrategy": self.retry_strategy,
            "shareIdentifier": self.share_identifier,
            "schedulingPriorityOverride": self.scheduling_priority_override,
        }
        if self.submit_job_timeout:
            parameters["timeout"] = {"attemptDurationSeconds": self.submit_job_timeout}
        return {
            "submit_job": {key: value for key, value in parameters.items() if value is not None}
        }

    def stock_event(self, event: dict[str, Any]) -> dict[str, Any]:
        """The same event as in triggers/batch.py (``BatchJobTrigger``)."""
        failed = (event.get("outcome") or {}).get("state", "succeeded") != "succeeded"
        return {"status": "failed" if failed else "success", "job_id": id_in(event)}

    @property
    def _hook_parameters(self) -> dict[str, Any]:
        own = {"max_retries": self.max_retries, "status_retries": self.status_retries}
        return {**super()._hook_parameters, **own}

    @property
    def time_limit(self) -> timedelta | None:
        if not self.max_retries or self.max_retries == MAX_RETRIES or not is_true(self.deferrable):
            return super().time_limit
        limit = polling_limit(self.max_retries, self.poll_interval, usual_delay=POLL_INTERVAL)
        return shorter(super().time_limit, limit)

    @property
    def interpretation(self) -> Interpretation:
        return Interpretation(
            fail_on=exit_codes(self.fail_on_exit_code), number_of_lines=self.tail_lines
        )

    def return_value(self, outcome: Outcome) -> Any:
        return outcome.backend_id if outcome.result is None else outcome.result

    def launched_value(self, backend_id: str) -> Any:
        return backend_id


def __getattr__(name: str) -> Any:
    """Return the amazon provider's operators that this module doesn't replace."""
    return from_stock("airflow.providers.amazon.aws.operators.batch", __name__, name)
