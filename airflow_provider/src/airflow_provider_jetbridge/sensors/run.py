"""`JobRunSensor`: waits for a run that somebody else started."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from airflow.providers.common.compat.sdk import BaseSensorOperator, PokeReturnValue

from airflow_provider_jetbridge import settings
from airflow_provider_jetbridge.completion import outcome_in
from airflow_provider_jetbridge.exceptions import ForeignOutcome, WatchedRunFailed
from airflow_provider_jetbridge.executor import may_fail_early_resumes
from airflow_provider_jetbridge.failing import describe
from airflow_provider_jetbridge.operators.stack import UsesStack
from airflow_provider_jetbridge.settings import conf
from airflow_provider_jetbridge.story import tell_outcome
from airflow_provider_jetbridge.task_instance import caller_of
from airflow_provider_jetbridge.templates import is_nothing
from jetbridge.contract import (
    Outcome,
    ScheduleCaller,
    State,
    WatchAnswer,
    WatchRequest,
    own_key,
    run_id_of,
)

if TYPE_CHECKING:
    from airflow.sdk import Context

SCHEDULED_TIME = "%Y-%m-%dT%H:%M:%SZ"
"""The format in which EventBridge Scheduler writes ``<aws.scheduler.scheduled-time>`` (EventBridge
Scheduler user guide, "Adding context attributes")."""


class JobRunSensor(UsesStack, BaseSensorOperator):
    """Wait for a run that an EventBridge schedule, a rule, a person or another task started.

    Name the run by its run id, by its request's key, or by the schedule that starts it. The run
    need not exist yet. If the sensor is deferrable, it waits on the same feed as the operators: one
    reader serves all waiting tasks of a triggerer. With ``mode="reschedule"`` it looks every
    ``poke_interval``. Add ``finish="rest"`` to let Jetbridge end it as soon as the run has ended.

    The task returns the result of the run's container. XCom also has ``run_id`` and ``exit_codes``.
    A run that didn't succeed fails the task without retries, because the outcome is final.

    :param run_id: the run's id, for example another task's XCom ``run_id``. (templated)
    :param idempotency_key: the key in the start request of a person or program. (templated)
    :param schedule_arn: ARN of the EventBridge Scheduler schedule that starts it. (templated)
    :param scheduled_time: the planned time of the schedule's firing, as a datetime or ISO 8601. The
        default is the end of the DAG run's data interval, because a schedule fires then.
        (templated)
    :param deferrable: wait in the triggerer; ``[operators] default_deferrable`` by default.
    :param finish: with ``rest``, Jetbridge finishes a rescheduling sensor through Airflow's API.
        The sensor's own looks are only needed if that fails. The stack needs ``AirflowSecretArn``.
    :param airflow: this Airflow's name in the stack, and for ``rest`` in the stack's secret. None
        takes ``[jetbridge] airflow``.

    Also takes the keywords of `UsesStack` and of Airflow's ``BaseSensorOperator``.

    Raises:
        ValueError: the run isn't named in exactly one of the three ways, or ``finish`` is given
            without ``mode="reschedule"``.
    """

    template_fields: Sequence[str] = (
        *UsesStack.stack_template_fields,
        "run_id",
        "idempotency_key",
        "schedule_arn",
        "scheduled_time",
    )

    def __init__(
        self,
        *,
        run_id: str | None = None,
        idempotency_key: str | None = None,
        schedule_arn: str | None = None,
        scheduled_time: str | datetime = "{{ data_interval_end | default('') }}",
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        finish: Literal["rest"] | None = None,
        airflow: str | None = None,
        jetbridge_stack: str | None = None,
        jetbridge_conn_id: str | None = None,
        aws_conn_id: str | None = "aws_default",
        region_name: str | None = None,
        verify: bool | str | None = None,
        botocore_config: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.run_id = run_id
        self.idempotency_key = idempotency_key
        self.schedule_arn = schedule_arn
        self.scheduled_time = scheduled_time
        self.deferrable = deferrable
        self.finish = finish
        self.airflow = airflow
        self.jetbridge_stack = jetbridge_stack
        self.jetbridge_conn_id = jetbridge_conn_id
        self.aws_conn_id = aws_conn_id
        self.region_name = region_name
        self.verify = verify
        self.botocore_config = botocore_config
        names = {"run_id": run_id, "idempotency_key": idempotency_key, "schedule_arn": schedule_arn}
        given = [name for name, value in names.items() if value is not None]
        if len(given) != 1:
            raise ValueError(
                f"{' and '.join(given) or 'Nothing'} names the run; give one of {', '.join(names)}"
            )
        if finish not in (None, "rest"):
            raise ValueError(f"finish is {finish!r}; give 'rest', or nothing")
        if finish and (deferrable or self.mode != "reschedule"):
            raise ValueError(
                "finish='rest' ends a sensor between its looks; give mode='reschedule' and "
                "deferrable=False"
            )

    def execute(self, context: Context) -> Any:
        """Wait in the triggerer, or look as Airflow's sensors do.

        Raises:
            WatchedRunFailed: the run didn't succeed.
            StartRefused, StartFailed: the call to Jetbridge failed.
        """
        if not self.deferrable:
            return super().execute(context)
        # As in ForeignStateSensor: soft_fail and never_fail count at the first look, too.
        return self.resume_execution("_look_and_wait", None, context)

    def _look_and_wait(self, context: Context) -> Any:
        run_id = self._watched()
        answer = self._look(run_id)
        if outcome := self._outcome_in(answer, run_id):
            return self._end(outcome, context["ti"])
        return self._defer(answer, run_id)

    def poke(self, context: Context) -> bool | PokeReturnValue:
        run_id = self._watched()
        ti: Any = context["ti"]
        answer = self._look(run_id, ti if self.finish else None)
        outcome = self._outcome_in(answer, run_id)
        if outcome is None:
            return False
        return PokeReturnValue(is_done=True, xcom_value=self._end(outcome, ti))

    def execute_complete(self, context: Context, event: dict[str, Any] | None = None) -> Any:
        """End the task with the outcome in the trigger's event.

        Raises:
            WatchedRunFailed: the run didn't succeed.
            UnreadableOutcome: its outcome can't be read.
            ForeignOutcome: the event is about another run.
        """
        outcome = outcome_in(event)
        if outcome.run_id != (run_id := self._watched()):
            raise ForeignOutcome(
                f"Run {outcome.run_id} has ended, but this sensor waits for run {run_id}"
            )
        return self._end(outcome, context["ti"])

    def _watched(self) -> str:
        """The id of the run to wait for."""
        if not is_nothing(self.run_id):
            return str(self.run_id)
        if not is_nothing(self.idempotency_key):
            return run_id_of(own_key("person", str(self.idempotency_key)))
        if is_nothing(self.schedule_arn):
            raise ValueError(
                "run_id, idempotency_key or schedule_arn: its template renders to nothing; "
                "check the task that the value comes from"
            )
        firing = ScheduleCaller(
            schedule_arn=str(self.schedule_arn), scheduled_time=scheduled(self.scheduled_time)
        )
        return run_id_of(firing.key)

    def _why_missing(self) -> str:
        """Why the run may not exist yet, for the log."""
        if not is_nothing(self.run_id):
            return "the stack has no run with this id"
        if not is_nothing(self.idempotency_key):
            return f"no request of a person with the key {self.idempotency_key!r} has come"
        return (
            f"schedule {self.schedule_arn} hasn't fired for {scheduled(self.scheduled_time)}. A "
            "schedule with cron() can fire at the end of the DAG run's data interval; one with "
            "rate() fires at other times: give scheduled_time"
        )

    def _look(self, run_id: str, ti: Any = None) -> WatchAnswer:
        request = WatchRequest(
            run_ids=[run_id],
            caller=caller_of(ti, self.airflow) if ti else None,
            airflow=self.airflow or settings.airflow(),
        )
        return self._hook().watch(request)

    def _outcome_in(self, answer: WatchAnswer, run_id: str) -> Outcome | None:
        """The run's outcome. If there is none yet, log the run's state."""
        run = answer.runs.get(run_id)
        if run is None:
            self.log.info("Run %s doesn't exist yet: %s", run_id, self._why_missing())
            return None
        if run.outcome is None:
            self.log.info("Run %s is %s %s", run_id, run.status, run.backend_id or "")
        return run.outcome

    def _defer(self, answer: WatchAnswer, run_id: str) -> None:
        from airflow_provider_jetbridge.triggers.run import JetbridgeRunTrigger

        self.defer(
            trigger=JetbridgeRunTrigger(
                run_id=run_id,
                outcomes_table=answer.outcomes_table,
                region_name=answer.region,
                deferred_at=time.time(),
                held=may_fail_early_resumes(self),
                aws_conn_id=self._access.aws_conn_id,
                verify=self.verify,
                botocore_config=self.botocore_config,
            ),
            method_name="execute_complete",
            timeout=timedelta(seconds=self.timeout),
        )

    def _end(self, outcome: Outcome, ti: Any) -> Any:
        tell_outcome(self.log, outcome)
        if self.do_xcom_push:
            ti.xcom_push(key="run_id", value=outcome.run_id)
            ti.xcom_push(key="exit_codes", value=outcome.exit_codes)
        if outcome.state is not State.SUCCEEDED:
            raise WatchedRunFailed(describe(outcome))
        return outcome.result


def scheduled(moment: object) -> str:
    """A firing's planned time in EventBridge Scheduler's format: in UTC, to the second.

    Raises:
        ValueError: the value isn't a time with a time zone.
    """
    fix = (
        "Give scheduled_time as ISO 8601 with a time zone; the default, data_interval_end, "
        "exists only in scheduled DAG runs"
    )
    try:
        parsed = moment if isinstance(moment, datetime) else datetime.fromisoformat(str(moment))
    except ValueError as error:
        raise ValueError(f"scheduled_time is {moment!r}. {fix}") from error
    if parsed.tzinfo is None:
        raise ValueError(f"scheduled_time is {moment!r}, without a time zone. {fix}")
    return parsed.astimezone(UTC).strftime(SCHEDULED_TIME)
