"""Base of the sensors for other people's tasks and jobs: look once, then wait for the event."""

from __future__ import annotations

import time
from abc import abstractmethod
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import (
    AirflowException,
    AirflowSensorTimeout,
    BaseSensorOperator,
)
from msgspec import UnsetType

from airflow_provider_jetbridge.completion import outcome_in
from airflow_provider_jetbridge.executor import may_fail_early_resumes
from airflow_provider_jetbridge.operators.as_stock import warn_of_region
from airflow_provider_jetbridge.operators.stock_hook import HasStockHook
from airflow_provider_jetbridge.settings import conf
from jetbridge.contract import (
    BatchJob,
    ContractError,
    EcsTask,
    ForeignState,
    Launched,
    Outcome,
    State,
    WatchAnswer,
    WatchRequest,
    decode,
    inert_lines,
)

if TYPE_CHECKING:
    from airflow.sdk import Context

LOOK_AGAIN_SECONDS = 45 * 60
"""After this time the stack asks AWS again, in case an event was lost. ECS keeps a stopped task for
about an hour (Amazon ECS API reference, DescribeTasks)."""

RUNNING = "RUNNING"


class ForeignStateSensor(HasStockHook, BaseSensorOperator):
    """Waits for a state of an ECS task or Batch job that Jetbridge may not have started.

    First it asks the stack for the state. If it is deferrable, it then waits on the feed, like all
    tasks of Jetbridge.
    """

    def __init__(
        self,
        *,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        jetbridge_stack: str | None = None,
        jetbridge_conn_id: str | None = None,
        aws_conn_id: str | None = "aws_default",
        region_name: str | None = None,
        region: str | None = None,
        verify: bool | str | None = None,
        botocore_config: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        if region is not None:
            warn_of_region()
        super().__init__(**kwargs)
        self.deferrable = deferrable
        self.jetbridge_stack = jetbridge_stack
        self.jetbridge_conn_id = jetbridge_conn_id
        self.aws_conn_id = aws_conn_id
        self.region_name = region_name
        self.verify = verify
        self.botocore_config = botocore_config

    @property
    @abstractmethod
    def awaited(self) -> EcsTask | BatchJob:
        """The task or job to wait for."""

    @abstractmethod
    def has_come(self, status: str, reason: str) -> bool:
        """Whether the task or job has reached the state.

        Args:
            status: ECS ``lastStatus`` or Batch ``status``.
            reason: AWS's own text about it, or empty.

        Raises:
            AirflowException: it will never reach the state.
        """

    @property
    def event_tells(self) -> bool:
        """Whether an event reports this state. The stack handles events for RUNNING and for
        ends."""
        return True

    @property
    def awaits_running(self) -> bool:
        """Whether the wait may end when the containers run."""
        return False

    @property
    def wait_limit(self) -> float:
        """The longest time that the deferred sensor waits, in seconds."""
        return float(self.timeout)

    def execute(self, context: Context) -> Any:
        """Wait in the triggerer, or look every ``poke_interval`` as Airflow's sensors do.

        Raises:
            AirflowException: the task or job will never reach the state.
            StartRefused, StartFailed: watch_runs couldn't be called.
        """
        if not self.deferrable:
            return super().execute(context)
        if not self.event_tells:
            return self._poke_instead(context)
        return self._look_and_wait(context, time.time() + self.wait_limit)

    def poke(self, context: Context) -> bool:
        return self._in(self._look().foreign)

    def execute_complete(
        self, context: Context, event: dict[str, Any] | None = None, until: float = 0
    ) -> Any:
        """End the task with the trigger's event, or look again.

        Args:
            until: when the wait ends, epoch seconds.

        Raises:
            AirflowSensorTimeout, AirflowException: as in Airflow's sensors.
            UnreadableOutcome: the stored outcome can't be read.
        """
        if event and "look_again" in event:
            return self._look_and_wait(context, until)
        status, reason = _told(event)
        self.log.info("%s is %s. %s", self._name, status, reason)
        if not self.has_come(status, reason):
            return self._look_and_wait(context, until)
        return None

    def _look_and_wait(self, context: Context, until: float) -> Any:
        # Airflow reads soft_fail and never_fail when it resumes a sensor, and the amazon provider's
        # always defers first. So the first look fails as a resumed sensor does.
        answer, has_come = self.resume_execution("_looked", None, context)
        state = answer.foreign
        if has_come:
            return None
        if isinstance(state, UnsetType) or not state.awaited:
            return self._poke_instead(context)
        if (left := until - time.time()) <= 0:
            raise AirflowSensorTimeout(f"The sensor timed out while it waited for {self._name}")
        from airflow_provider_jetbridge.triggers.foreign import JetbridgeStateTrigger

        now = time.time()
        self.defer(
            trigger=JetbridgeStateTrigger(
                run_id=state.run_id,
                what=self._name,
                awaits_running=self.awaits_running,
                look_again_at=now + LOOK_AGAIN_SECONDS,
                outcomes_table=answer.outcomes_table,
                region_name=answer.region,
                deferred_at=now,
                held=may_fail_early_resumes(self),
                aws_conn_id=self._access.aws_conn_id,
                verify=self.verify,
                botocore_config=self.botocore_config,
            ),
            method_name="execute_complete",
            kwargs={"until": until},
            timeout=timedelta(seconds=left),
        )
        return None

    def _looked(self, context: Context) -> tuple[WatchAnswer, bool]:
        """The stack's answer, and whether it shows the state to wait for."""
        answer = self._look()
        return answer, self._in(answer.foreign)

    def _poke_instead(self, context: Context) -> Any:
        every = self.poke_interval
        self.log.info("No event reports %s, so the sensor looks every %s s", self._name, every)
        return super().execute(context)

    def _look(self) -> WatchAnswer:
        return self._hook().watch(WatchRequest(foreign=self.awaited))

    def _in(self, state: ForeignState | UnsetType) -> bool:
        """Whether the stack's answer shows the state to wait for.

        Raises:
            AirflowException: the state will never come, or AWS doesn't know the task or job.
        """
        if isinstance(state, UnsetType):
            raise AirflowException(
                "The stack is older than this sensor and knows only its own runs: update it"
            )
        status, reason = state.status, state.reason
        if state.outcome is not None:
            status, reason = _ended(state.outcome)
        if not status:
            raise AirflowException(
                f"AWS doesn't know {self._name}, and the stack has no record of its end: check its "
                "id and region. ECS forgets a stopped task after about an hour, Batch a job after "
                "some days"
            )
        self.log.info("%s is %s %s", self._name, status, inert_lines(reason))
        return self.has_come(status, inert_lines(reason))

    @property
    def _name(self) -> str:
        asked = self.awaited
        if isinstance(asked, EcsTask):
            return f"ECS task {asked.task}"
        return f"Batch job {asked.job_id}"


def _told(event: dict[str, Any] | None) -> tuple[str, str]:
    """AWS's status in a trigger's event, and AWS's text about it.

    Raises:
        UnreadableOutcome, ForeignOutcome: see `completion.outcome_in`.
    """
    if event and "launched" in event:
        try:
            launched = decode(Launched, event["launched"])
        except ContractError as error:
            raise AirflowException(f"The event carries no readable launch: {error}") from error
        return RUNNING, f"Its containers have been running since {launched.started_at}"
    return _ended(outcome_in(event))


def _ended(outcome: Outcome) -> tuple[str, str]:
    """AWS's last status of an ended task or job, and AWS's text about it."""
    words = inert_lines(outcome.reason)
    if outcome.backend == "ecs":
        codes = ", ".join(f"{name}: {code}" for name, code in outcome.exit_codes.items())
        return "STOPPED", f"{words} (exit codes: {codes or 'none'})"
    return ("SUCCEEDED" if outcome.state is State.SUCCEEDED else "FAILED"), words
