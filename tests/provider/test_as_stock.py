"""What DAGs written for the amazon provider rely on: its imports, subclasses and exceptions."""

import pickle
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any, ClassVar
from unittest.mock import MagicMock

import pytest
from airflow.providers.amazon.aws.exceptions import EcsOperatorError, EcsTaskFailToStart
from airflow.providers.amazon.aws.hooks.batch_client import BatchClientHook
from airflow.providers.amazon.aws.hooks.ecs import EcsHook
from airflow.providers.amazon.aws.operators import batch as stock_batch
from airflow.providers.amazon.aws.operators import ecs as stock_ecs
from airflow.providers.common.compat.sdk import (
    AirflowException,
    AirflowFailException,
    AirflowSkipException,
    AirflowTaskTimeout,
    TaskDeferred,
)
from airflow.sdk import DAG, task
from fake_aws import ANSWER, FakeLambda

from airflow_provider_jetbridge.exceptions import (
    NestedExecute,
    RunFailed,
    RunStopped,
    TaskDeferralTimeout,
)
from airflow_provider_jetbridge.operators import batch as our_batch
from airflow_provider_jetbridge.operators import ecs as our_ecs
from airflow_provider_jetbridge.operators.batch import BatchOperator
from airflow_provider_jetbridge.operators.ecs import EcsRunTaskOperator
from jetbridge.contract import Cause, State

ARN = "arn:aws:ecs:eu-central-1:123456789012:task/c/0f1e"
ECS: dict[str, Any] = {"task_id": "job", "task_definition": "t", "cluster": "c", "overrides": {}}
BATCH: dict[str, Any] = {"task_id": "job", "job_name": "n", "job_definition": "d", "job_queue": "q"}


class TestImports:
    @pytest.mark.parametrize(("ours", "stock"), [(our_ecs, stock_ecs), (our_batch, stock_batch)])
    def test_every_operator_of_the_stock_module_can_be_imported_from_ours(
        self, ours: Any, stock: Any
    ) -> None:
        names = {name for name in vars(stock) if name.startswith(("Ecs", "Batch"))}
        replaced = {name for name in names if getattr(ours, name) is not getattr(stock, name)}
        assert len(names) > 4
        assert replaced <= {
            "EcsRunTaskOperator",
            "BatchOperator",
            "BatchJobLink",  # the links of Jetbridge's own operators
        }

    @pytest.mark.parametrize(("ours", "stock"), [(our_ecs, stock_ecs), (our_batch, stock_batch)])
    def test_a_star_imports_the_same_names(self, ours: Any, stock: Any) -> None:
        names: dict[str, dict[str, Any]] = {}
        for module in (ours, stock):
            names[module.__name__] = {}
            exec(f"from {module.__name__} import *", names[module.__name__])
        mine, theirs = names[ours.__name__], names[stock.__name__]
        assert theirs.keys() <= mine.keys()
        assert mine["EcsRunTaskOperator" if ours is our_ecs else "BatchOperator"].__module__ == (
            ours.__name__
        )

    def test_a_name_that_neither_has_is_an_import_error(self) -> None:
        with pytest.raises(ImportError):
            from airflow_provider_jetbridge.operators.ecs import EcsFlyOperator  # noqa: F401
        with pytest.raises(
            AttributeError, match=r"neither .*operators\.ecs.* has 'EcsFlyOperator'"
        ):
            our_ecs.EcsFlyOperator  # noqa: B018


class Cleans(EcsRunTaskOperator):
    """A subclass of the kind that DAGs have: it looks at what it started whatever happens."""

    seen: Any = None

    def execute(self, context: Any) -> Any:
        try:
            return super().execute(context)
        finally:
            self.seen = (self.arn, self.retry_args, self.client, self.hook)


class TestSubclasses:
    def test_the_stock_attributes_are_there_before_and_after_the_wait(
        self,
        functions: FakeLambda,
        ti: Any,
        make_event: Callable[..., dict[str, Any]],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(EcsHook, "conn", "boto3's client")
        functions.answers.append(ANSWER)
        operator = Cleans(**ECS, quota_retry={"delay": 1}, region_name="eu-west-3")
        with pytest.raises(TaskDeferred):
            operator.execute({"ti": ti})
        arn, retry_args, client, hook = operator.seen
        assert (arn, retry_args, client) == (None, {"delay": 1}, "boto3's client")
        assert isinstance(hook, EcsHook)
        assert (hook.aws_conn_id, hook.region_name) == ("aws_default", "eu-west-3")

        resumed = Cleans(**ECS)
        resumed.execute_complete({"ti": ti}, make_event())
        assert resumed.arn == ARN
        assert resumed._get_ecs_task_id(resumed.arn) == "0f1e"

    @pytest.mark.parametrize(
        ("task", "given", "known"),
        [
            ("task/etl/0f1e", None, "etl"),
            ("task/etl/0f1e", "default", "etl"),
            ("task/etl/0f1e", "etl", "etl"),
            (
                "task/etl/0f1e",
                f"{ARN.split(':task')[0]}:cluster/etl",
                f"{ARN.split(':task')[0]}:cluster/etl",
            ),
            ("task/0f1e", "c", "c"),
        ],
    )
    @pytest.mark.parametrize("state", [State.SUCCEEDED, State.FAILED])
    def test_the_cluster_that_execute_has_chosen_is_known_at_the_end(
        self,
        ti: Any,
        make_event: Callable[..., dict[str, Any]],
        task: str,
        given: Any,
        known: str,
        state: State,
    ) -> None:
        """apache/airflow#40207: ``execute`` sets it, and the end runs in a new object."""
        seen = []

        class Looks(EcsRunTaskOperator):
            def execute_complete(self, context: Any, event: Any = None) -> Any:
                seen.append(event["cluster"])
                return super().execute_complete(context, event)

            def _after_execution(self) -> None:
                seen.append(self.cluster)
                super()._after_execution()

        event = make_event(backend_id=f"{ARN.split('task')[0]}{task}", state=state)
        operator = Looks(**{**ECS, "cluster": given})
        with suppress(RunFailed):
            operator.resume_execution("execute_complete", {"event": event}, {"ti": ti})
        assert seen == [known, known]

    def test_a_failed_run_leaves_its_id_for_callbacks(
        self, ti: Any, make_event: Callable[..., dict[str, Any]]
    ) -> None:
        ecs, batch = EcsRunTaskOperator(**ECS), BatchOperator(**BATCH)
        with pytest.raises(RunFailed):
            ecs.execute_complete({"ti": ti}, make_event(state=State.FAILED))
        failed = make_event(state=State.FAILED, backend="batch", backend_id="1b2c", exit_codes={})
        with pytest.raises(RunFailed):
            batch.execute_complete({"ti": ti}, failed)
        assert (ecs.arn, batch.job_id) == (ARN, "1b2c")

    def test_the_hook_of_batch_has_its_own_keywords(self) -> None:
        hook = BatchOperator(**BATCH, max_retries=2, status_retries=3, aws_conn_id=None).hook
        assert isinstance(hook, BatchClientHook)
        assert (hook.max_retries, hook.status_retries, hook.aws_conn_id) == (2, 3, None)
        defaults = BatchOperator(**BATCH).hook
        assert (defaults.max_retries, defaults.status_retries) == (4200, 10)

    def test_after_execution_is_called_as_there(
        self, ti: Any, make_event: Callable[..., dict[str, Any]]
    ) -> None:
        calls = []

        class Tells(EcsRunTaskOperator):
            def _after_execution(self) -> None:
                calls.append(self.arn)
                super()._after_execution()

        with pytest.raises(RunFailed):
            Tells(**ECS).execute_complete({"ti": ti}, make_event(state=State.FAILED))
        assert calls == [ARN]

    @pytest.mark.parametrize(
        ("base", "method"),
        [(EcsRunTaskOperator, "_start_task"), (BatchOperator, "submit_job")],
    )
    def test_a_method_that_nothing_calls_is_refused(self, base: Any, method: str) -> None:
        with pytest.raises(TypeError, match=rf"Own\.{method} is never called.*as keywords"):
            type("Own", (base,), {"__qualname__": "Own", method: lambda self: None})


class ReadsEvent(EcsRunTaskOperator):
    """A subclass for the amazon provider's event."""

    def execute_complete(self, context: Any, event: Any = None) -> Any:
        if event["status"] != "success":
            raise AirflowException("not as there")
        super().execute_complete(context, event)
        return event["task_arn"], event["cluster"]


class ReadsJobsEvent(BatchOperator):
    def execute_complete(self, context: Any, event: Any = None) -> Any:
        if event["status"] != "success":
            raise AirflowException(f"Error while running job: {event['job_id']}")
        return super().execute_complete(context, event)


class TestTheEvent:
    """A subclass finds the keys of the amazon provider's triggers in it (triggers/ecs.py,
    triggers/batch.py)."""

    def resumed(self, operator: Any, ti: Any, event: Any) -> Any:
        return operator.resume_execution("execute_complete", {"event": event}, {"ti": ti})

    def test_of_a_task(self, ti: Any, make_event: Callable[..., dict[str, Any]]) -> None:
        assert self.resumed(ReadsEvent(**ECS), ti, make_event()) == (ARN, "c")
        with pytest.raises(RunFailed):
            self.resumed(ReadsEvent(**ECS), ti, make_event(state=State.FAILED))

    def test_of_a_job(self, ti: Any, make_event: Callable[..., dict[str, Any]]) -> None:
        job = {"backend": "batch", "backend_id": "1b2c"}
        assert self.resumed(ReadsJobsEvent(**BATCH), ti, make_event(**job)) == "1b2c"
        with pytest.raises(AirflowException, match="Error while running job: 1b2c"):
            self.resumed(ReadsJobsEvent(**BATCH), ti, make_event(**job, state=State.FAILED))


class TestInsideAnotherTask:
    def test_it_is_refused_before_anything_starts(self, functions: FakeLambda, ti: Any) -> None:
        with DAG("d", schedule=None):

            @task
            def outer() -> None:
                pass

            made: Any = outer()
            ti.task = made.operator
        with pytest.raises(NestedExecute, match="inside task 'job'; nothing was started"):
            EcsRunTaskOperator(**ECS).execute({"ti": ti})
        with pytest.raises(NestedExecute, match="without a task instance"):
            BatchOperator(**BATCH).execute({})
        assert functions.invocations == []
        assert issubclass(NestedExecute, AirflowFailException)

    def test_the_tasks_own_operator_and_one_that_hands_the_end_on_are_not(
        self, functions: FakeLambda, ti: Any
    ) -> None:
        own = EcsRunTaskOperator(**ECS)
        wrapper = MagicMock(spec=["execute", "execute_complete"])
        for outer in (own, wrapper):
            ti.task = outer
            functions.answers.append(ANSWER)
            with pytest.raises(TaskDeferred):
                own.execute({"ti": ti})
        assert len(functions.invocations) == 2


class TestDeferredByStock:
    """The import was changed while tasks waited for the stock operator's trigger."""

    def test_ecs(self, ti: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        client = MagicMock()
        monkeypatch.setattr(EcsHook, "conn", client)
        stopped = {"name": "main", "lastStatus": "STOPPED", "exitCode": 3}
        client.describe_tasks.return_value = {"tasks": [{"containers": [stopped]}]}
        event = {"status": "success", "task_arn": ARN, "cluster": "other"}
        operator = EcsRunTaskOperator(**ECS)
        with pytest.raises(AirflowException, match="This task is not in success state"):
            operator.execute_complete({"ti": ti}, event)
        client.describe_tasks.assert_called_once_with(cluster="other", tasks=[ARN])
        assert operator.arn == ARN

    def test_batch(self, ti: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        client = MagicMock()
        client.describe_jobs.return_value = {"jobs": [{"jobId": "1b2c", "status": "SUCCEEDED"}]}
        monkeypatch.setattr(BatchClientHook, "get_conn", lambda self: client)
        operator = BatchOperator(**BATCH, do_xcom_push=False)
        event = {"status": "success", "job_id": "1b2c"}
        assert operator.execute_complete({"ti": ti}, event) == "1b2c"
        assert operator.job_id == "1b2c"


class TestExceptions:
    def failed(self, operator: Any, ti: Any, event: Any) -> Exception:
        with pytest.raises(AirflowException) as raised:
            operator.execute_complete({"ti": ti}, event)
        return raised.value

    def test_a_task_that_failed_to_start(
        self, ti: Any, make_event: Callable[..., dict[str, Any]]
    ) -> None:
        event = make_event(
            state=State.FAILED, cause=Cause.MISCONFIGURATION, reason="No role", exit_codes={}
        )
        error = self.failed(EcsRunTaskOperator(**ECS), ti, event)
        assert isinstance(error, EcsTaskFailToStart)
        assert isinstance(error, RunFailed)
        assert error.message == "The task failed to start due to: No role"
        assert str(error).startswith(error.message + "\n")
        again = pickle.loads(pickle.dumps(error))
        assert (str(again), again.message) == (str(error), error.message)

    def test_a_task_that_ecs_did_not_take(
        self, ti: Any, make_event: Callable[..., dict[str, Any]]
    ) -> None:
        event = make_event(
            state=State.FAILED,
            cause=Cause.CAPACITY,
            reason="RESOURCE:MEMORY",
            backend_id=None,
            exit_codes={},
        )
        error = self.failed(EcsRunTaskOperator(**ECS), ti, event)
        assert isinstance(error, EcsOperatorError)
        assert isinstance(error, RunFailed)
        assert error.failures == [{"reason": "RESOURCE:MEMORY"}]
        again = pickle.loads(pickle.dumps(error))
        assert (str(again), again.failures) == (str(error), error.failures)

    def test_a_lost_host(self, ti: Any, make_event: Callable[..., dict[str, Any]]) -> None:
        reason = "Host EC2 (instance i-1234567890abcdef) terminated."
        event = make_event(state=State.FAILED, cause=Cause.HOST_LOSS, reason=reason)
        error = self.failed(EcsRunTaskOperator(**ECS, skip_on_exit_code=0), ti, event)
        assert type(error) is RunFailed
        sentence = "The task was stopped because the host instance terminated: "
        assert str(error).startswith(sentence + reason)

    @pytest.mark.parametrize("wanted", [True, False])
    def test_the_heading_of_the_log_is_theirs(
        self, ti: Any, make_event: Callable[..., dict[str, Any]], wanted: bool
    ) -> None:
        logs = {"awslogs_group": "g", "awslogs_stream_prefix": "p"}
        keywords: dict[str, Any] = logs if wanted else {}
        operator = EcsRunTaskOperator(**ECS, number_logs_exception=5, **keywords)
        heading = "This task is not in success state - last 5 logs from Cloudwatch:\n"
        codes = {"main": 1}
        silent = make_event(state=State.FAILED, exit_codes=codes)
        assert (heading in str(self.failed(operator, ti, silent))) is wanted
        lines = ["1", "2", "3"]
        loud = make_event(state=State.FAILED, exit_codes=codes, last_lines=lines)
        assert str(self.failed(operator, ti, loud)).endswith(heading + "1\n2\n3")

    def test_a_failed_job(self, ti: Any, make_event: Callable[..., dict[str, Any]]) -> None:
        event = make_event(
            state=State.FAILED, backend="batch", backend_id="1b2c", reason="Essential container"
        )
        told = str(self.failed(BatchOperator(**BATCH), ti, event))
        assert told.startswith("AWS Batch job (1b2c) failed: Essential container\n")
        assert "Error while running job: 1b2c is in FAILED state\n" in told

    def test_a_stopped_run_says_who_stopped_it_and_why(
        self, ti: Any, make_event: Callable[..., dict[str, Any]]
    ) -> None:
        event = make_event(
            state=State.STOPPED,
            cause=Cause.STOPPED_BY_USER,
            reason="too expensive",
            stopped_by="person arn:aws:iam::1:user/ann",
            exit_codes={},
        )
        error = self.failed(EcsRunTaskOperator(**ECS), ti, event)
        assert type(error) is RunStopped
        assert str(error).splitlines()[0] == (
            "Run 01k8run stopped by person arn:aws:iam::1:user/ann: stopped by user"
        )
        assert "AWS says: too expensive" in str(error)


CODES = [
    # fail_on, skip_on, exit codes, those of containers that decide, raised
    (None, 99, {"main": 99, "side": 143}, ["main"], AirflowSkipException),
    (None, 99, {"main": 99, "side": 143}, [], RunFailed),
    (None, 99, {"main": 1, "side": 99}, ["main"], RunFailed),
    (None, [98, 99], {"main": 98, "next": 99, "side": 0}, [], AirflowSkipException),
    (2, None, {"main": 2}, [], AirflowFailException),
    ({2, 3}, None, {"main": 0, "next": 3}, [], AirflowFailException),
    (range(2, 4), None, {"main": 3}, [], AirflowFailException),
    (2, None, {"main": 1}, [], RunFailed),
    (2, 2, {"main": 2}, [], AirflowFailException),
    (2, 3, {"main": 3}, [], AirflowSkipException),
    (2, 3, {"main": 3, "next": 2}, [], AirflowFailException),
    (2, None, {"main": 1, "side": 2}, ["main"], RunFailed),
    (0, 0, {"main": 1, "side": 0}, [], RunFailed),
]


@pytest.mark.parametrize(("fail_on", "skip_on", "codes", "deciding", "raised"), CODES)
def test_exit_codes(
    ti: Any,
    make_event: Callable[..., dict[str, Any]],
    fail_on: Any,
    skip_on: Any,
    codes: Any,
    deciding: Any,
    raised: Any,
) -> None:
    operator = EcsRunTaskOperator(**ECS, fail_on_exit_code=fail_on, skip_on_exit_code=skip_on)
    event = make_event(state=State.FAILED, exit_codes=codes, deciding=deciding)
    with pytest.raises(raised) as error:
        operator.execute_complete({"ti": ti}, event)
    assert isinstance(error.value, RunFailed) is (raised is not AirflowSkipException)
    assert isinstance(error.value, AirflowFailException) is (raised is AirflowFailException)


@pytest.mark.parametrize("given", [2, [2, 3], {2}, range(1, 3)])
def test_a_job_fails_for_good_by_its_exit_code(
    ti: Any, make_event: Callable[..., dict[str, Any]], given: Any
) -> None:
    operator = BatchOperator(**BATCH, fail_on_exit_code=given)
    event = make_event(state=State.FAILED, backend="batch", exit_codes={"default": 2})
    with pytest.raises(AirflowFailException):
        operator.execute_complete({"ti": ti}, event)
    event = make_event(state=State.FAILED, backend="batch", exit_codes={"default": 4})
    with pytest.raises(RunFailed) as error:
        operator.execute_complete({"ti": ti}, event)
    assert not isinstance(error.value, AirflowFailException)


def test_one_exit_code_is_kept_as_there() -> None:
    operator = EcsRunTaskOperator(**ECS, skip_on_exit_code=99)
    stock = stock_ecs.EcsRunTaskOperator(**ECS, skip_on_exit_code=99)
    assert operator.skip_on_exit_code == stock.skip_on_exit_code == [99]
    assert EcsRunTaskOperator(**ECS).skip_on_exit_code == []


class TestGivingUp:
    """``waiter_max_attempts`` is over."""

    LIMITS: ClassVar[dict[str, Any]] = {"waiter_max_attempts": 10, "waiter_delay": 60}

    def test_the_run_goes_on_where_it_is_not_to_be_stopped(
        self, functions: FakeLambda, ti: Any
    ) -> None:
        operator = EcsRunTaskOperator(
            **ECS,
            **self.LIMITS,
            stop_task_on_failure=False,
            execution_timeout=timedelta(hours=1),
        )
        functions.answers.extend([ANSWER, ANSWER | {"runs": {}}])
        with pytest.raises(TaskDeferred) as deferred:
            operator.execute({"ti": ti})
        assert functions.invocations[0][1]["timeout_seconds"] == 3600
        assert deferred.value.timeout == timedelta(minutes=10)
        with pytest.raises(TaskDeferralTimeout):
            operator.resume_execution("__fail__", {"error": "Trigger timeout"}, {"ti": ti})
        called = [function for function, _ in functions.invocations]
        assert called == ["jetbridge-start-run", "jetbridge-watch-runs"], "nothing is stopped"

    def test_the_run_is_stopped_at_the_limit_otherwise(
        self, functions: FakeLambda, ti: Any
    ) -> None:
        functions.answers.append(ANSWER)
        with pytest.raises(TaskDeferred) as deferred:
            EcsRunTaskOperator(**ECS, **self.LIMITS).execute({"ti": ti})
        assert functions.invocations[0][1]["timeout_seconds"] == 600
        assert deferred.value.timeout == timedelta(minutes=20)


def test_a_run_that_batch_ended_at_its_limit_has_timed_out(
    ti: Any, make_event: Callable[..., dict[str, Any]]
) -> None:
    event = make_event(state=State.STOPPED, cause=Cause.TIMEOUT, backend="batch")
    with pytest.raises(AirflowTaskTimeout):
        BatchOperator(**BATCH).execute_complete({"ti": ti}, event)
