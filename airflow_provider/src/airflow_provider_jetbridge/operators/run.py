"""Base of the operators: start a run, defer, and resume with its outcome."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, get_args

from airflow.providers.common.compat.sdk import BaseOperator
from msgspec import UNSET

from airflow_provider_jetbridge import settings
from airflow_provider_jetbridge.aws import AwsAccess
from airflow_provider_jetbridge.completion import launch_of, outcome_of
from airflow_provider_jetbridge.exceptions import (
    EarlierOutcome,
    TaskDeferralError,
    TaskDeferralTimeout,
)
from airflow_provider_jetbridge.executor import may_fail_early_resumes, runs_in_its_own_pod
from airflow_provider_jetbridge.failing import Interpretation, raise_unless_succeeded
from airflow_provider_jetbridge.links.known import links_of, links_to_store
from airflow_provider_jetbridge.log_target import log_target
from airflow_provider_jetbridge.operators.as_stock import (
    deferred_by_stock,
    end_as_stock,
    is_jetbridges,
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
from airflow_provider_jetbridge.operators.started import tell_start
from airflow_provider_jetbridge.operators.stock_hook import HasStockHook
from airflow_provider_jetbridge.settings import conf
from airflow_provider_jetbridge.story import tell_outcome
from airflow_provider_jetbridge.task_instance import Task, caller_of, try_of
from airflow_provider_jetbridge.templates import given, is_true
from airflow_provider_jetbridge.tracing import tell_resume, traceparent_of
from airflow_provider_jetbridge.triggers.outcomes import OutcomesTable
from jetbridge.contract import (
    FailurePolicy,
    Outcome,
    StartAnswer,
    StartRequest,
    Way,
)

if TYPE_CHECKING:
    from airflow.sdk import Context
NET_TIMEOUT = timedelta(minutes=10)
"""Jetbridge stops a run at ``execution_timeout``. Airflow ends the deferral this much later."""

MAX_TAIL_LINES = 100
MAX_INFRA_RETRIES = 10


class JetbridgeRunOperator(HasStockHook, BaseOperator):
    """Base of the operators: hands a job to Jetbridge and gives up its worker.

    :param wait_for_completion: if False, the task succeeds as soon as AWS has accepted the job, and
        the job keeps running. The job's id is in XCom. Without effect if ``deferrable`` is true, as
        in the amazon provider.
    :param deferrable: the operator always defers. True implies waiting for completion.
    :param last_line_as_result: whether a container's last log line is the task's return value if
        the container reports no result.
    :param result_required: the task needs the container's result. If the log can't be read, the
        task waits for it (the stack's ``ResultWaitSeconds``) and then fails. Implied if the last
        log line is the return value.
    :param deciding_container: the container whose exit code says whether the run succeeded. Set it
        if another essential container may fail after this one has ended. None means every essential
        container, as in the stock operators.
    :param infra_retries: how many times Jetbridge may relaunch the run before the task fails, if
        the platform ended the launch (a Spot interruption, a lost host, missing capacity). 0 to 10.
    :param spot_fall_back: relaunch on ``FARGATE`` after ``FARGATE_SPOT`` was interrupted or had no
        capacity.
    :param reattach: if the previous try's run is still running, as after a lost worker, a retry
        takes it over. False stops that run and starts a new one. (templated)
    :param concurrency_group: limits how many runs of this group, in all DAGs, are under way at the
        same time. The stack's ``ConcurrencyGroups`` has the limit. Other runs wait in Jetbridge's
        launch queue, without a worker. It works like a pool for deferred tasks. (templated)
    :param offload_environment: if a container environment is larger than AWS allows, put it on S3
        (the stack's ``OffloadBucket``). The container gets ``JETBRIDGE_ENVIRONMENT_S3``.
    :param finish: how the waiting task learns that the run has ended: ``feed``, ``push`` or
        ``rest``. None takes the stack's parameter ``Finish``.
    :param airflow: this Airflow's name in the stack. The stack tells the runs of several Airflows
        apart by it, and ``push`` and ``rest`` look it up in the stack's secret. None takes
        ``[jetbridge] airflow``.

    Also takes the keywords of `UsesStack`.
    """

    template_fields: Sequence[str] = (
        *UsesStack.stack_template_fields,
        "concurrency_group",
        "reattach",
    )

    backend_id_key: str
    """The XCom key that holds AWS's id of the job."""

    backend_id_attribute: str
    """The attribute that holds AWS's id of the job when it is known, as in the amazon provider."""

    stock_operator: Any
    """The amazon provider's operator of the same name."""

    _request: StartRequest | None = None
    _answer: StartAnswer | None = None
    _outcome: Outcome | None = None

    link_urls: dict[str, str] | None = None
    """Addresses of the extra links by XCom key. None until this process knows of a run."""

    _stored_links: dict[str, str] | None = None
    """The addresses that Airflow has. None if that isn't known."""

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

    @abstractmethod
    def stock_event(self, event: dict[str, Any]) -> dict[str, Any]:
        """The event that the amazon provider's trigger would send for this end."""

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
        """The container whose result or last line is the return value, if a task has several
        containers."""
        return None

    @property
    def interpretation(self) -> Interpretation:
        """How the task interprets the end of its run."""
        return Interpretation(number_of_lines=self.tail_lines)

    @property
    def stops_run_on_failure(self) -> bool:
        """Whether to stop the run if the operator fails after starting it and before deferring."""
        return True

    def execute(self, context: Context) -> Any:
        """Start the run and defer.

        Raises:
            NestedExecute: another task's code calls this. Nothing has been started.
            StartRefused: Jetbridge refuses the request. Airflow doesn't retry.
            StartFailed: it couldn't be reached.
        """
        ti = refuse_nested(self, context)
        # Airflow deletes a task's XComs when a try begins (TIRunContext.xcom_keys_to_clear).
        self._stored_links = {}
        return self._begin(context, ti)

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
        began = time.time()
        event = self._come_soon(self._answer, ti)
        # This process no longer owns the run. If the worker shuts down while it reports the
        # deferral, it must not stop a healthy job.
        self._request = None
        if event is not None:
            return self.resume_execution(self._resumed_by, {"event": event}, context)
        return self._defer(self._answer, ti, began)

    def _begin_again(self, context: Context, ti: Any, error: EarlierOutcome) -> Any:
        """Execute the task as Airflow should have done for a new try, with what a subclass does in
        its ``execute``."""
        self.log.warning("%s: starting this try's own run", error)
        return (getattr(ti, "task", None) or self).execute(context)

    def _come_soon(self, answer: StartAnswer, ti: Any) -> dict[str, Any] | None:
        """Wait for the event on the worker, if the task's last run was short. None if this run
        isn't short.

        A subclass with its own ``execute`` always defers, and so does an operator inside another
        task's code. Otherwise their code after ``execute`` would run only for short runs.
        """
        own = type(self).execute is not JetbridgeRunOperator.execute
        inside = getattr(ti, "task", None) is not self
        if answer.attached or own or inside or not (self.do_xcom_push and self._resumes_slowly):
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
    def _resumes_slowly(self) -> bool:
        """Whether a deferral costs a short run much: the hold, or another pod."""
        return self._may_race or runs_in_its_own_pod()

    @property
    def _waits_until(self) -> Literal["finished", "launched"]:
        return "finished" if self._waits else "launched"

    @property
    def _resumed_by(self) -> str:
        return "execute_complete" if self._waits else "execute_launched"

    @property
    def _waits(self) -> bool:
        """Whether the task waits for the run's end, and not only for its launch."""
        return is_true(self.wait_for_completion) or is_true(self.deferrable)

    @property
    def time_limit(self) -> timedelta | None:
        """The time after which Jetbridge stops a run that the task waits for."""
        return self.execution_timeout

    @property
    def wait_limit(self) -> timedelta | None:
        """The time after which the task gives up while its run continues."""
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
            # A task that waits only for the launch has finished before the run ends.
            finish=self.finish if self._waits else "feed",
            airflow=self.airflow or settings.airflow(),
            traceparent=traceparent_of(ti) or UNSET,
            **self.job(),
        )

    def _start(self, request: StartRequest) -> StartAnswer:
        answer = self._hook().start(request)
        self._set_links(answer)
        if is_true(self.reattach) and not answer.attached:
            self.log.info("No active previously launched task found to reattach")
        tell_start(self.log, request, answer, self._stack)
        return answer

    def _defer(self, answer: StartAnswer, ti: Any, waits_since: float) -> None:
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
                waits_since=waits_since,
                attached_try=try_of(ti) if answer.attached else None,
                stop_function=answer.stop_function,
                caller_key=caller_of(ti, self.airflow).key,
                airflow=self.airflow,
                task_key=list(Task.of(ti)),
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
        """Resume the task. If Airflow has ended the deferral, stop the run.

        The event also gets the keys of the amazon provider's trigger, for subclasses that read it.

        Airflow ends the deferral when `NET_TIMEOUT` has passed, or when the trigger failed. Then
        nobody waits for the run any more, unless a later try takes it over (``reattach``).

        Raises:
            TaskDeferralTimeout, TaskDeferralError: as in Airflow's own method.
        """
        event: Any = (next_kwargs or {}).get("event")
        if next_kwargs and is_jetbridges(event):
            next_kwargs = {**next_kwargs, "event": {**self.stock_event(event), **event}}
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
            self.log.warning(
                "The run keeps running without this task: stop_task_on_failure is false"
            )
            return
        if is_true(self.reattach) and retried and not timed_out:
            self.log.info("The run keeps running for the next try")
            return
        why = "timed out while it waited for its end" if timed_out else "could not wait for its end"
        stop_own(self._hook, self.log, run_id, key, f"Airflow's task {why}")

    def execute_complete(self, context: Context, event: dict[str, Any] | None = None) -> Any:
        """End the task with the outcome, on a worker.

        A try that resumes with an earlier try's outcome starts its own run. Airflow 3.0 resumes
        retries in this way instead of executing them (apache/airflow#56704). This is also right for
        any other stale event, because starting is idempotent for each try.

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
            return self._begin_again(context, ti, error)
        self._outcome = outcome
        self._knows(outcome.backend_id)
        tell_outcome(self.log, outcome)
        tell_resume(outcome)
        self._stored_links = (event or {}).get("links", self._stored_links)
        self._set_links(outcome)
        if self.do_xcom_push:
            ti.xcom_push(key="exit_codes", value=outcome.exit_codes)
            ti.xcom_push(key=self.backend_id_key, value=outcome.backend_id)
            self._remember(event, outcome.finished_at, ti)
        self._after_execution()
        return self.return_value(outcome)

    def _set_links(self, run: StartAnswer | Outcome) -> None:
        self.link_urls = links_of(run, lambda: self._stack)
        links = type(self).operator_extra_links
        # A subclass may have a property instead.
        if self._stored_links is not None and isinstance(links, tuple | list):
            self.operator_extra_links = links_to_store(links, self.link_urls, self._stored_links)

    def _remember(self, event: dict[str, Any] | None, came_at: float | None, ti: Any) -> None:
        """Store how long a short run took, for the next run of this task (`short`)."""
        seconds = seconds_of(event, came_at)
        if seconds is not None and seconds < settings.short_run_seconds():
            ti.xcom_push(key=SECONDS_KEY, value=seconds)

    def _after_execution(self) -> None:
        """Raise unless the run succeeded. The amazon provider's ECS operator raises in this method,
        too."""
        if self._outcome is not None:
            raise_unless_succeeded(self._outcome, self.interpretation)

    def _knows(self, backend_id: str | None) -> None:
        if backend_id:
            setattr(self, self.backend_id_attribute, backend_id)

    def execute_launched(self, context: Context, event: dict[str, Any] | None = None) -> Any:
        """End a task that doesn't wait for completion. AWS has accepted the job, or never got it.

        Raises:
            ForeignOutcome: the event isn't about this try.
            AirflowTaskTimeout, RunStopped, RunFailed: the run ended without being launched.
        """
        ti: Any = context["ti"]
        try:
            launch = launch_of(event, ti, self.airflow)
        except EarlierOutcome as error:
            return self._begin_again(context, ti, error)
        self._knows(launch.backend_id)
        self.log.info("Run %s keeps running without this task", launch.run_id)
        if self.do_xcom_push:
            ti.xcom_push(key=self.backend_id_key, value=launch.backend_id)
            self._remember(event, launch.launched_at, ti)
        return self.launched_value(launch.backend_id)

    def return_value(self, outcome: Outcome) -> Any:
        """The task's return value: the container's result."""
        return outcome.result

    def launched_value(self, backend_id: str) -> Any:
        """The return value of a task that doesn't wait for completion."""
        return None

    def on_kill(self) -> None:
        """Stop the run if Airflow ends this process while it is starting it.

        If start_run hasn't answered yet, sending the same request again gives the run id.
        """
        if self._request is not None:
            self._stop(self._request, "Airflow ended the task before it was deferred")

    def _stop(self, request: StartRequest, reason: str) -> None:
        try:
            answer = self._answer or self._hook().start(request)
            callers = {answer.run_id: request.key}
            answered = self._hook().stop(answer.stop_function, callers, reason)
        except Exception:
            self.log.exception("The run could not be stopped; it may still be running")
        else:
            tell_stop(self.log, answer.run_id, answered, reason)
