"""What the operators share: start a run, defer, and resume with its outcome."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Sequence
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, get_args

from airflow.providers.common.compat.sdk import BaseOperator
from msgspec import UNSET

from airflow_provider_jetbridge import settings
from airflow_provider_jetbridge.aws import AwsAccess
from airflow_provider_jetbridge.completion import (
    caller_of,
    launch_of,
    outcome_of,
    try_of,
)
from airflow_provider_jetbridge.exceptions import (
    EarlierOutcome,
    TaskDeferralError,
    TaskDeferralTimeout,
)
from airflow_provider_jetbridge.executor import may_fail_early_resumes
from airflow_provider_jetbridge.failing import Reading, raise_unless_succeeded
from airflow_provider_jetbridge.links.known import links_of
from airflow_provider_jetbridge.log_target import log_target
from airflow_provider_jetbridge.operators.as_stock import (
    deferred_by_stock,
    end_as_stock,
    refuse_nested,
    refuse_overrides,
    warn_of_region,
)
from airflow_provider_jetbridge.operators.given_up import (
    backend_id_of,
    own_run,
    stop_own,
    tell_stop,
)
from airflow_provider_jetbridge.operators.limits import shorter
from airflow_provider_jetbridge.operators.short import (
    SECONDS_KEY,
    came_within,
    expected_within,
    seconds_of,
)
from airflow_provider_jetbridge.operators.stack import UsesStack
from airflow_provider_jetbridge.settings import conf
from airflow_provider_jetbridge.story import tell_outcome
from airflow_provider_jetbridge.templates import given, is_true
from airflow_provider_jetbridge.tracing import tell_resume, traceparent_of
from airflow_provider_jetbridge.triggers.outcomes import OutcomesTable
from jetbridge.contract import (
    CloudWatchLogTarget,
    FailurePolicy,
    Outcome,
    S3LogTarget,
    StartAnswer,
    StartRequest,
    Way,
)

if TYPE_CHECKING:
    from airflow.sdk import Context
NET_TIMEOUT = timedelta(minutes=10)
"""Jetbridge stops a run at ``execution_timeout``; Airflow gives the deferral up so much later."""

MAX_TAIL_LINES = 100
MAX_INFRA_RETRIES = 10


class JetbridgeRunOperator(UsesStack, BaseOperator):
    """Base of the operators: hands a job to Jetbridge and gives up its worker.

    :param wait_for_completion: False: the task succeeds as soon as AWS has taken the job over, and
        its id is in XCom; the job goes on. Without effect where ``deferrable`` is true, as in the
        amazon provider.
    :param deferrable: the operator always defers; true implies waiting for completion.
    :param last_line_as_result: whether a container's last log line is the task's return value
        where the container reports no result of its own.
    :param result_required: the task is nothing without the container's result: where the log can't
        be read, the task waits (the stack's ``ResultWaitSeconds``) and then fails. Implied where
        the last log line is the return value.
    :param deciding_container: the container whose exit code says whether the run succeeded, where
        another essential one may end badly behind it. None: every essential one does, as with the
        stock operators.
    :param infra_retries: how many launches may replace ones that died of the platform (a Spot
        interruption, a lost host, missing capacity) before Airflow learns of it, 0 to 10.
    :param spot_fall_back: go on on ``FARGATE`` after ``FARGATE_SPOT`` was interrupted or had no
        capacity.
    :param reattach: a retry goes on with the run of the try before it if that still runs, as
        after a lost worker. False stops that run and starts a new one. (templated)
    :param concurrency_group: of the runs of this group, in all DAGs, no more are under way at the
        same time than the stack's ``ConcurrencyGroups`` says; the others wait in Jetbridge's launch
        queue, without a worker. A pool for deferred tasks. (templated)
    :param offload_environment: container environments that are larger than AWS allows go to S3
        (the stack's ``OffloadBucket``), and the container gets ``JETBRIDGE_ENVIRONMENT_S3``.
    :param finish: how the waiting task hears of the end: ``feed``, ``push`` or ``rest``; None, as
        the stack's parameter ``Finish`` says.
    :param airflow: this Airflow's name in the stack, by which it knows its own runs; ``push`` and
        ``rest`` find it under this name in the stack's secret. None, as ``[jetbridge] airflow``
        says.

    The further keywords are those of `UsesStack`.
    """

    template_fields: Sequence[str] = (
        *UsesStack.stack_template_fields,
        "concurrency_group",
        "reattach",
    )

    backend_id_key: str
    """XCom key of AWS's id of the job."""

    backend_id_attribute: str
    """The attribute that has AWS's id of the job once it is known, as in the amazon provider."""

    aws_hook_class: Any
    """The amazon provider's hook of the service."""

    stock_operator: Any
    """The amazon provider's operator of the same name."""

    _request: StartRequest | None = None
    _answer: StartAnswer | None = None
    _outcome: Outcome | None = None

    link_urls: dict[str, str] | None = None
    """Addresses of the extra links, by XCom key, once this process knows of a run."""

    def __init__(
        self,
        *,
        jetbridge_stack: str | None = None,
        jetbridge_conn_id: str | None = None,
        wait_for_completion: bool = True,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        last_line_as_result: bool | None = None,
        result_required: bool = False,
        deciding_container: str | None = None,
        infra_retries: int = 2,
        spot_fall_back: bool = False,
        reattach: bool = False,
        concurrency_group: str | None = None,
        offload_environment: bool = False,
        finish: Way | None = None,
        airflow: str | None = None,
        aws_conn_id: str | None = "aws_default",
        region_name: str | None = None,
        region: str | None = None,
        verify: bool | str | None = None,
        botocore_config: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if region is not None:
            warn_of_region()
        if not 0 <= infra_retries <= MAX_INFRA_RETRIES:
            raise ValueError(f"infra_retries is {infra_retries}; give 0 to {MAX_INFRA_RETRIES}")
        if finish not in (None, *get_args(Way)):
            raise ValueError(f"finish is {finish!r}; give one of {', '.join(get_args(Way))}")
        self.jetbridge_stack = jetbridge_stack
        self.jetbridge_conn_id = jetbridge_conn_id
        self.wait_for_completion = wait_for_completion
        self.deferrable = deferrable
        self.last_line_as_result = last_line_as_result
        self.result_required = result_required
        self.deciding_container = deciding_container
        self.infra_retries = infra_retries
        self.spot_fall_back = spot_fall_back
        self.reattach = reattach
        self.concurrency_group = concurrency_group
        self.offload_environment = offload_environment
        self.finish = finish
        self.airflow = airflow
        self.aws_conn_id = aws_conn_id
        self.region_name = region_name
        self.verify = verify
        self.botocore_config = botocore_config

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        refuse_overrides(cls)

    @property
    def _hook_parameters(self) -> dict[str, Any]:
        return self._given_access.hook_parameters()

    @cached_property
    def hook(self) -> Any:
        """The amazon provider's hook, for subclasses that call AWS themselves.

        Jetbridge doesn't need it: the role of ``aws_conn_id`` needs the rights that they use.
        """
        return self.aws_hook_class(**self._hook_parameters)

    @abstractmethod
    def job(self) -> dict[str, Any]:
        """The job's part of a ``StartRequest``: ``run_task`` or ``submit_job``."""

    @property
    def tail_lines(self) -> int:
        return 10

    @property
    def wants_last_line(self) -> bool:
        return bool(self.last_line_as_result)

    @property
    def result_container(self) -> str | None:
        """Whose result or last line is the return value, where a task has several containers."""
        return None

    @property
    def reading(self) -> Reading:
        """How the task reads the end of its run."""
        return Reading(number_of_lines=self.tail_lines)

    @property
    def stops_run_on_failure(self) -> bool:
        """Whether a run is stopped if the operator fails between starting it and deferring."""
        return True

    def execute(self, context: Context) -> Any:
        """Start the run and defer.

        Raises:
            NestedExecute: another task's code calls this; nothing has been started.
            StartRefused: Jetbridge refuses the request; Airflow doesn't try again.
            StartFailed: it couldn't be reached.
        """
        return self._begin(context, refuse_nested(self, context))

    def _begin(self, context: Context, ti: Any) -> Any:
        self._request = self._start_request(ti)
        self._answer = self._start(self._request)
        try:
            if self.do_xcom_push:
                ti.xcom_push(key="run_id", value=self._answer.run_id)
        except Exception:
            if self.stops_run_on_failure:
                self._stop(self._request, "Airflow's task failed before it was deferred")
            raise
        event = self._come_soon(self._answer, ti)
        # From here on the run is not this process's: a worker that is shut down while it still
        # reports the deferral must not stop a healthy job.
        self._request = None
        if event is not None:
            return self.resume_execution(self._resumed_by, {"event": event}, context)
        return self._defer(self._answer, ti)

    def _come_soon(self, answer: StartAnswer, ti: Any) -> dict[str, Any] | None:
        """The event that this task waits for, where its last run was short and this one is, too.

        A subclass with an ``execute`` of its own is deferred always, and so is an operator inside
        another task's code: what they do after it would be done in short runs alone.
        """
        own = type(self).execute is not JetbridgeRunOperator.execute
        inside = getattr(ti, "task", None) is not self
        if answer.attached or own or inside or not (self.do_xcom_push and self._may_race):
            return None
        seconds = expected_within(ti, self.time_limit or self.execution_timeout)
        if seconds is None:
            return None
        access = AwsAccess.of(
            self._access.aws_conn_id, answer.region, self.verify, self.botocore_config
        )
        table = OutcomesTable(answer.outcomes_table, access)
        return came_within(
            seconds, table, answer.run_id, until=self._waits_until, ti=ti, task_log=self.log
        )

    @property
    def _may_race(self) -> bool:
        return bool(settings.resume_hold_seconds()) and may_fail_early_resumes(self)

    @property
    def _waits_until(self) -> Literal["finished", "launched"]:
        return "finished" if self._waits else "launched"

    @property
    def _resumed_by(self) -> str:
        return "execute_complete" if self._waits else "execute_launched"

    @property
    def _waits(self) -> bool:
        """Whether the task waits for the run's end, and not for its launch alone."""
        return is_true(self.wait_for_completion) or is_true(self.deferrable)

    @property
    def time_limit(self) -> timedelta | None:
        """After which a run that is waited for is stopped."""
        return self.execution_timeout

    @property
    def wait_limit(self) -> timedelta | None:
        """After which the task gives up, and its run goes on."""
        return None

    def _start_request(self, ti: Any) -> StartRequest:
        timeout = self.time_limit if self._waits else None
        return StartRequest(
            caller=caller_of(ti, self.airflow),
            timeout_seconds=max(1, int(timeout.total_seconds())) if timeout else None,
            log_target=log_target(ti),
            tail_lines=self.tail_lines,
            last_line_as_result=bool(self.do_xcom_push and self.wants_last_line),
            result_required=self.result_required,
            result_container=self.result_container,
            deciding_container=self.deciding_container,
            failure_policy=FailurePolicy(
                infra_retries=self.infra_retries, spot_fall_back=self.spot_fall_back
            ),
            previous="attach" if is_true(self.reattach) else "stop",
            concurrency_group=given(self.concurrency_group),
            offload_environment=self.offload_environment,
            # A task that waits for the launch alone is over when the run ends.
            finish=self.finish if self._waits else "feed",
            airflow=self.airflow or settings.airflow(),
            traceparent=traceparent_of(ti) or UNSET,
            **self.job(),
        )

    def _start(self, request: StartRequest) -> StartAnswer:
        answer = self._hook().start(request)
        self.link_urls = links_of(answer, lambda: self._stack)
        if is_true(self.reattach) and not answer.attached:
            self.log.info("No active previously launched task found to reattach")
        self.log.info(
            "Run %s %s (Jetbridge stack %s, %s)",
            answer.run_id,
            _how_it_came(answer),
            self._stack,
            answer.region,
        )
        for warning in answer.warnings:
            self.log.warning("%s", warning)
        target = request.log_target
        if isinstance(target, S3LogTarget):
            self.log.info(
                "The containers' logs will be shown here when the run has ended, from s3://%s/%s.*",
                target.bucket,
                target.key_prefix,
            )
        elif isinstance(target, CloudWatchLogTarget):
            self.log.info(
                "The containers' logs will be shown here when the run has ended, from the log "
                "group %s",
                target.group,
            )
        else:
            self.log.info(
                "Airflow's task logs are neither on S3 nor in CloudWatch Logs: the containers' "
                "logs stay in CloudWatch Logs"
            )
        return answer

    def _defer(self, answer: StartAnswer, ti: Any) -> None:
        from airflow_provider_jetbridge.triggers.run import JetbridgeRunTrigger

        timeout = self.execution_timeout
        if self._waits:
            stopped = self.time_limit + NET_TIMEOUT if self.time_limit else None
            timeout = shorter(stopped, self.wait_limit)
        self.defer(
            trigger=JetbridgeRunTrigger(
                run_id=answer.run_id,
                outcomes_table=answer.outcomes_table,
                region_name=answer.region,
                deferred_at=time.time(),
                attached_try=try_of(ti) if answer.attached else None,
                stop_function=answer.stop_function,
                caller_key=caller_of(ti, self.airflow).key,
                airflow=self.airflow,
                task_key=[ti.dag_id, ti.run_id, ti.task_id, ti.map_index],
                until=self._waits_until,
                held=self._may_race,
                waits_until=time.time() + timeout.total_seconds() if timeout else None,
                aws_conn_id=self._access.aws_conn_id,
                verify=self.verify,
                botocore_config=self.botocore_config,
            ),
            method_name=self._resumed_by,
            timeout=timeout,
        )

    def resume_execution(
        self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context
    ) -> Any:
        """Airflow's way back to a deferred task; where it gives the deferral up, the run ends.

        It does when `NET_TIMEOUT` is over, or when the trigger failed. Nobody would wait for the
        run any more, except a try to come that goes on with it (``reattach``).

        Raises:
            TaskDeferralTimeout, TaskDeferralError: as Airflow has it.
        """
        try:
            return super().resume_execution(next_method, next_kwargs, context)
        except (TaskDeferralError, TaskDeferralTimeout) as error:
            self._give_up(error, context["ti"])
            raise

    def _give_up(self, error: Exception, ti: Any) -> None:
        run_id, key = own_run(ti, self.airflow)
        self._knows(backend_id_of(self._hook, self.log, run_id))
        retried = ti.max_tries is not None and ti.try_number <= ti.max_tries
        timed_out = isinstance(error, TaskDeferralTimeout)
        if not self.stops_run_on_failure:
            self.log.warning("The run goes on without this task: stop_task_on_failure is false")
            return
        if is_true(self.reattach) and retried and not timed_out:
            self.log.info("The run goes on for the next try")
            return
        why = "waited in vain for its end" if timed_out else "could not wait for its end"
        stop_own(self._hook, self.log, run_id, key, f"Airflow's task {why}")

    def execute_complete(self, context: Context, event: dict[str, Any] | None = None) -> Any:
        """Turn the outcome into the task's end, on a worker.

        A try that is resumed with the outcome of an earlier one begins its own run. Airflow 3.0
        resumes retries so, instead of executing them (apache/airflow#56704). It is right for any
        other stale event, too: starting is idempotent per try.

        Raises:
            ForeignOutcome: the event isn't about this try.
            AirflowSkipException, AirflowTaskTimeout, RunStopped, RunFailed: as
                `completion.raise_unless_succeeded` has it.
        """
        ti: Any = context["ti"]
        if deferred_by_stock(event):
            return end_as_stock(self, context, event)
        try:
            outcome = outcome_of(event, ti, self.airflow)
        except EarlierOutcome as error:
            self.log.warning("%s: starting this try's own run", error)
            return self._begin(context, ti)
        self._outcome = outcome
        self._knows(outcome.backend_id)
        tell_outcome(self.log, outcome)
        tell_resume(outcome)
        self.link_urls = links_of(outcome, lambda: self._stack)
        if self.do_xcom_push:
            ti.xcom_push(key="exit_codes", value=outcome.exit_codes)
            ti.xcom_push(key=self.backend_id_key, value=outcome.backend_id)
            self._remember(event, outcome.finished_at, ti)
        self._after_execution()
        return self.return_value(outcome)

    def _remember(self, event: dict[str, Any] | None, came_at: float | None, ti: Any) -> None:
        """How long it took, for the next run of this task (`short`)."""
        if (seconds := seconds_of(event, came_at)) is not None:
            ti.xcom_push(key=SECONDS_KEY, value=seconds)

    def _after_execution(self) -> None:
        """Raise unless the run succeeded: where the amazon provider's ECS operator does so."""
        if self._outcome is not None:
            raise_unless_succeeded(self._outcome, self.reading)

    def _knows(self, backend_id: str | None) -> None:
        if backend_id:
            setattr(self, self.backend_id_attribute, backend_id)

    def execute_launched(self, context: Context, event: dict[str, Any] | None = None) -> Any:
        """End a task that doesn't wait for completion: AWS has the job, or never got it.

        Raises:
            ForeignOutcome: the event isn't about this try.
            AirflowTaskTimeout, RunStopped, RunFailed: the run ended without being launched.
        """
        ti: Any = context["ti"]
        try:
            launch = launch_of(event, ti, self.airflow)
        except EarlierOutcome as error:
            self.log.warning("%s: starting this try's own run", error)
            return self._begin(context, ti)
        self._knows(launch.backend_id)
        self.log.info("Run %s goes on without this task", launch.run_id)
        if self.do_xcom_push:
            ti.xcom_push(key=self.backend_id_key, value=launch.backend_id)
            self._remember(event, launch.launched_at, ti)
        return self.launched_value(launch.backend_id)

    def return_value(self, outcome: Outcome) -> Any:
        """The task's return value: what the container reported."""
        return outcome.result

    def launched_value(self, backend_id: str) -> Any:
        """The return value of a task that doesn't wait for completion."""
        return None

    def on_kill(self) -> None:
        """Stop the run if Airflow ends this process while it is starting it.

        If the start's answer hasn't come yet, the same request again tells the run id.
        """
        if self._request is not None:
            self._stop(self._request, "Airflow ended the task before it was deferred")

    def _stop(self, request: StartRequest, reason: str) -> None:
        try:
            answer = self._answer or self._hook().start(request)
            callers = {answer.run_id: request.key}
            answered = self._hook().stop(answer.stop_function, callers, reason)
        except Exception:
            self.log.exception("The run could not be stopped; it may go on")
        else:
            tell_stop(self.log, answer.run_id, answered, reason)


def _how_it_came(answer: StartAnswer) -> str:
    if answer.attached:
        return "of an earlier try still runs: this try goes on with it"
    return "was accepted before" if answer.duplicate else "is accepted"
