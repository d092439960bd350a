"""`BatchSensor`: the amazon provider's sensor of that name, which waits by event."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowException

from airflow_provider_jetbridge.operators.as_stock import deferred_by_stock
from airflow_provider_jetbridge.operators.limits import polling_limit
from airflow_provider_jetbridge.operators.stack import UsesStack
from airflow_provider_jetbridge.sensors.foreign import ForeignStateSensor
from airflow_provider_jetbridge.stock import Imported, from_stock
from jetbridge.contract import BatchJob

if TYPE_CHECKING:
    from airflow.sdk import Context

POLL_SECONDS = 30
MAX_RETRIES = 4200
"""The amazon provider's defaults."""


class BatchSensor(ForeignStateSensor):
    """Wait until any Batch job has succeeded, and fail if it fails.

    Takes every keyword of ``airflow.providers.amazon.aws.sensors.batch.BatchSensor``. The job's
    queue must be one of the stack's ``WatchedJobQueueArns``. For a child of an array job, a
    deferrable sensor also looks every ``poke_interval``.

    :param job_id: the job's id. (templated)
    :param deferrable: wait in the triggerer; ``[operators] default_deferrable`` by default.
    :param poke_interval: seconds between two looks, if the sensor isn't deferred.
    :param max_retries: the deferred sensor waits at most ``max_retries`` times ``poke_interval``
        seconds. None takes ``execution_timeout``, or ``timeout`` if that is also None.

    Also takes the keywords of `UsesStack` and of Airflow's ``BaseSensorOperator``.
    """

    ui_color = "#66c3ff"
    aws_hook_class = Imported("airflow.providers.amazon.aws.hooks.batch_client", "BatchClientHook")
    stock_sensor = Imported("airflow.providers.amazon.aws.sensors.batch", "BatchSensor")
    template_fields: Sequence[str] = (*UsesStack.stack_template_fields, "job_id")

    def __init__(
        self,
        *,
        job_id: str,
        poke_interval: float = POLL_SECONDS,
        max_retries: int | None = MAX_RETRIES,
        **kwargs: Any,
    ) -> None:
        super().__init__(poke_interval=poke_interval, **kwargs)
        self.job_id = job_id
        self.max_retries = max_retries

    @property
    def awaited(self) -> BatchJob:
        return BatchJob(job_id=self.job_id)

    @property
    def wait_limit(self) -> float:
        limit = self.execution_timeout
        if self.max_retries:
            limit = polling_limit(self.max_retries, self.poke_interval, usual_delay=POLL_SECONDS)
        return limit.total_seconds() if limit else float(self.timeout)

    def execute_complete(
        self, context: Context, event: dict[str, Any] | None = None, until: float = 0
    ) -> Any:
        """End the task, also if the amazon provider's sensor deferred it before its import was
        changed.

        Raises: as `ForeignStateSensor.execute_complete`.
        """
        if not deferred_by_stock(event):
            return super().execute_complete(context, event, until)
        self.log.info("The amazon provider's sensor deferred this task, so that one ends it")
        return self.stock_sensor.execute_complete(self, context, event)

    def has_come(self, status: str, reason: str) -> bool:
        if status == "FAILED":
            raise AirflowException(
                f"Batch sensor failed. AWS Batch job status: {status}. {reason}".rstrip()
            )
        return status == "SUCCEEDED"


def __getattr__(name: str) -> Any:
    """Return the other names of the amazon provider's module, such as its other Batch sensors."""
    return from_stock("airflow.providers.amazon.aws.sensors.batch", __name__, name)
