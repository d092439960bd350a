"""execute, execute_complete and on_kill, with AWS replaced at boto3's edge."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from airflow.providers.common.compat.sdk import (
    AirflowException,
    AirflowFailException,
    AirflowSkipException,
    AirflowTaskTimeout,
    TaskDeferred,
)
from botocore.exceptions import ReadTimeoutError
from fake_aws import ANSWER, FakeLambda, client_error

from airflow_provider_jetbridge import aws, log_target
from airflow_provider_jetbridge.exceptions import (
    ForeignOutcome,
    RunFailed,
    RunStopped,
    StartFailed,
    StartThrottled,
    TaskDeferralError,
    TaskDeferralTimeout,
)
from airflow_provider_jetbridge.links.buttons import EcsTaskLink
from airflow_provider_jetbridge.operators.batch import BatchOperator
from airflow_provider_jetbridge.operators.ecs import EcsRunTaskOperator
from airflow_provider_jetbridge.triggers.run import JetbridgeRunTrigger
from jetbridge.contract import AirflowCaller, Cause, Fault, ScheduleCaller, State, run_id_of

STOPPED = {"stopping": ["01k8run"], "already_ended": [], "unknown": []}

GIVEN_UP = ["jetbridge-watch-runs", "jetbridge-stop-run"]
TASK_ARN = "arn:aws:ecs:eu-central-1:123456789012:task/c/0f1e"


def watched(ti: Any = None) -> dict[str, Any]:
    """watch_runs' answer: of the run of this try, or of none."""
    run = {
        "status": "launched",
        "backend": "ecs",
        "caller": {"kind": "person", "name": "ann"},
        "created_at": 1.0,
        "backend_id": TASK_ARN,
    }
    return {
        "runs": {run_id_of(caller_of(ti).key): run} if ti else {},
        "outcomes_table": "outcomes",
        "stop_function": "jetbridge-stop-run",
        "region": "eu-central-1",
    }


ALL_LINKS = ["EcsTaskLink", "ContainerLogLink", "JetbridgeRunLink"]
TASK_LINK = EcsTaskLink().xcom_key


def stored_links(operator: Any) -> list[str]:
    return [type(link).__name__ for link in operator.operator_extra_links]


def ecs(**keywords: Any) -> EcsRunTaskOperator:
    return EcsRunTaskOperator(
        **{"task_id": "job", "task_definition": "t", "cluster": "c", "overrides": {}, **keywords}
    )


def batch(**keywords: Any) -> BatchOperator:
    return BatchOperator(task_id="job", job_name="n", job_definition="d", job_queue="q", **keywords)


def caller_of(ti: Any, **changes: Any) -> AirflowCaller:
    mine = {
        "dag_id": ti.dag_id,
        "run_id": ti.run_id,
        "task_id": ti.task_id,
        "try_number": ti.try_number,
        "ti_id": ti.id,
    }
    return AirflowCaller(**{**mine, **changes})


@pytest.fixture
def functions(monkeypatch: pytest.MonkeyPatch) -> FakeLambda:
    fake = FakeLambda()
    monkeypatch.setattr(aws, "client", lambda access, service, **defaults: fake)
    monkeypatch.setattr("tenacity.nap.time.sleep", lambda seconds: None)
    return fake


class TestExecute:
    def test_it_starts_the_run_and_defers(self, functions: FakeLambda, ti: Any) -> None:
        functions.answers.append(ANSWER)
        with pytest.raises(TaskDeferred) as deferred:
            ecs(execution_timeout=timedelta(hours=1)).execute({"ti": ti})

        ((function, request),) = functions.invocations
        assert function == "jetbridge-start-run"
        assert request["caller"] == {
            "kind": "airflow",
            "dag_id": "dag",
            "run_id": "scheduled__2026-01-01T00:00:00+00:00",
            "task_id": "job",
            "map_index": -1,
            "try_number": 2,
            "ti_id": ti.id,
            "max_tries": 3,
        }
        assert request["run_task"]["taskDefinition"] == "t"
        trigger = deferred.value.trigger
        assert isinstance(trigger, JetbridgeRunTrigger)
        assert (trigger.run_id, trigger.outcomes_table) == ("01k8run", "outcomes")
        assert trigger.region_name == "eu-west-1"
        assert trigger.attached_try is None
        assert trigger.stop_function == "jetbridge-stop-run"
        assert trigger.caller_key == caller_of(ti).key
        assert deferred.value.method_name == "execute_complete"
        assert deferred.value.timeout == timedelta(hours=1, minutes=10)
        assert ti.xcoms == {"run_id": "01k8run"}

    def test_only_the_link_that_is_known_is_stored(self, functions: FakeLambda, ti: Any) -> None:
        """Each link is a request to Airflow's API."""
        functions.answers.append(ANSWER)
        operator = ecs()
        with pytest.raises(TaskDeferred):
            operator.execute({"ti": ti})
        assert stored_links(operator) == ["JetbridgeRunLink"]
        assert stored_links(ecs()) == ALL_LINKS

    def test_a_property_with_links_stays(self, functions: FakeLambda, ti: Any) -> None:
        class Computed(EcsRunTaskOperator):
            @property
            def operator_extra_links(self) -> Any:  # type: ignore[override]
                return ()

        functions.answers.append(ANSWER)
        with pytest.raises(TaskDeferred):
            Computed(task_id="job", task_definition="t", cluster="c", overrides={}).execute(
                {"ti": ti}
            )

    def test_it_goes_on_with_the_run_of_an_earlier_try(
        self, functions: FakeLambda, ti: Any, capsys: pytest.CaptureFixture[str]
    ) -> None:
        functions.answers.append({**ANSWER, "attached": True})
        with pytest.raises(TaskDeferred) as deferred:
            ecs(reattach=True).execute({"ti": ti})
        assert functions.invocations[0][1]["previous"] == "attach"
        assert deferred.value.trigger.attached_try == [ti.id, 2]
        assert "of an earlier try is still running" in capsys.readouterr().out

    def test_warnings_are_logged(
        self, functions: FakeLambda, ti: Any, capsys: pytest.CaptureFixture[str]
    ) -> None:
        functions.answers.append({**ANSWER, "warnings": ["run_task: DB_PASSWORD looks secret"]})
        with pytest.raises(TaskDeferred):
            ecs().execute({"ti": ti})
        printed = capsys.readouterr().out
        assert "DB_PASSWORD looks secret" in printed

    def test_without_execution_timeout_it_waits_for_ever(
        self, functions: FakeLambda, ti: Any
    ) -> None:
        functions.answers.append(ANSWER)
        with pytest.raises(TaskDeferred) as deferred:
            batch(do_xcom_push=False).execute({"ti": ti})
        assert deferred.value.timeout is None
        assert ti.xcoms == {}

    def test_the_stack_is_the_operators_or_the_configurations(
        self, functions: FakeLambda, ti: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AIRFLOW__JETBRIDGE__STACK", "configured")
        for operator in (ecs(), ecs(jetbridge_stack="asked-for")):
            functions.answers.append(ANSWER)
            with pytest.raises(TaskDeferred):
                operator.execute({"ti": ti})
        called = [function for function, _ in functions.invocations]
        assert called == ["configured-start-run", "asked-for-start-run"]

    def test_it_names_the_log_of_this_try(
        self, functions: FakeLambda, ti: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(log_target, "_remote_base", lambda: "s3://logs/airflow/")
        functions.answers.append(ANSWER)
        with pytest.raises(TaskDeferred):
            ecs().execute({"ti": ti})
        assert functions.invocations[0][1]["log_target"] == {
            "kind": "s3",
            "bucket": "logs",
            "key_prefix": (
                "airflow/dag_id=dag/run_id=scheduled__2026-01-01T00:00:00+00:00/"
                "task_id=job/attempt=2.log"
            ),
        }

    def test_a_refused_request_is_not_retried_by_anybody(
        self, functions: FakeLambda, ti: Any
    ) -> None:
        functions.answers.append(
            {"errorType": "ContractError", "errorMessage": "run_task.cluster: is not allowed"}
        )
        with pytest.raises(AirflowFailException, match=r"run_task\.cluster: is not allowed"):
            ecs().execute({"ti": ti})
        assert len(functions.invocations) == 1

    @pytest.mark.parametrize(
        ("code", "advice", "aliases"),
        [
            ("ResourceNotFoundException", "jetbridge_stack", ["airflow", ""]),
            ("AccessDeniedException", "lambda:InvokeFunction", ["airflow"]),
        ],
    )
    def test_a_wrong_set_up_is_not_retried_by_anybody(
        self, functions: FakeLambda, ti: Any, code: str, advice: str, aliases: list[Any]
    ) -> None:
        functions.answers.extend([client_error(code, "Invoke")] * len(aliases))
        with pytest.raises(AirflowFailException, match=advice):
            ecs().execute({"ti": ti})
        assert functions.aliases == aliases

    def test_a_stack_without_aliases_is_called_without_one(
        self, functions: FakeLambda, ti: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        functions.answers.append(client_error("ResourceNotFoundException", "Invoke"))
        functions.answers.append(ANSWER)
        with pytest.raises(TaskDeferred):
            ecs().execute({"ti": ti})
        assert functions.aliases == ["airflow", ""]

    def test_another_airflow_invokes_only_its_own_alias(
        self, functions: FakeLambda, ti: Any
    ) -> None:
        functions.answers.append(ANSWER)
        with pytest.raises(TaskDeferred) as deferred:
            ecs(airflow="finance").execute({"ti": ti})
        ((_, request),) = functions.invocations
        assert functions.aliases == ["airflow-finance"]
        assert (request["airflow"], request["caller"]["airflow"]) == ("finance", "finance")
        assert deferred.value.trigger.caller_key.startswith("airflow@finance/")
        functions.answers.append(client_error("ResourceNotFoundException", "Invoke"))
        with pytest.raises(AirflowFailException, match="airflow-finance"):
            ecs(airflow="finance").execute({"ti": ti})

    @pytest.mark.parametrize(
        "fault",
        [
            {"errorType": "Sandbox.Timedout", "errorMessage": "Task timed out after 10 seconds"},
            client_error("ServiceException", "Invoke"),
            ReadTimeoutError(endpoint_url="http://127.0.0.1"),
            {"run_id": "01k8run"},
        ],
        ids=["function error", "service error", "lost answer", "answer of another version"],
    )
    def test_what_may_pass_is_sent_again_unchanged(
        self, functions: FakeLambda, ti: Any, fault: Any
    ) -> None:
        functions.answers.extend([fault, fault, ANSWER])
        with pytest.raises(TaskDeferred):
            ecs().execute({"ti": ti})
        first, *others = functions.invocations
        assert others == [first, first]

        functions.answers.extend([fault] * 3)
        with pytest.raises(StartFailed) as failed:
            ecs().execute({"ti": ti})
        assert not isinstance(failed.value, AirflowFailException)

    def test_a_start_that_lambda_throttles_waits_longer(
        self, functions: FakeLambda, ti: Any
    ) -> None:
        """The stack's own functions may take all concurrency of a new account for a minute."""
        throttle = client_error("TooManyRequestsException", "Invoke")
        lost = ReadTimeoutError(endpoint_url="http://127.0.0.1")
        functions.answers.extend([throttle] * 20 + [lost] + [throttle] * 10 + [lost, ANSWER])
        with pytest.raises(TaskDeferred):
            ecs().execute({"ti": ti})
        first, *others = functions.invocations
        assert others == [first] * 32

    def test_a_start_that_lambda_throttles_for_ever_fails(
        self, functions: FakeLambda, ti: Any
    ) -> None:
        throttle = client_error("TooManyRequestsException", "Invoke")
        functions.answers.extend([throttle] * 400)
        with pytest.raises(StartThrottled) as failed:
            ecs().execute({"ti": ti})
        assert not isinstance(failed.value, AirflowFailException)
        assert 50 <= len(functions.invocations) <= 310

    @pytest.mark.parametrize("stops", [True, False])
    def test_a_failure_before_deferring_stops_the_run(
        self, functions: FakeLambda, ti: Any, stops: bool
    ) -> None:
        functions.answers.extend([ANSWER, STOPPED])

        def refuse(key: Any, value: Any) -> None:
            raise RuntimeError("no XCom today")

        ti.xcom_push = refuse
        with pytest.raises(RuntimeError, match="no XCom today"):
            ecs(stop_task_on_failure=stops).execute({"ti": ti})
        assert [name for name, _ in functions.invocations[1:]] == ["jetbridge-stop-run"] * stops


class TestOnKill:
    @pytest.fixture
    def timed_out(self, ti: Any) -> Any:
        """A task instance whose ``execution_timeout`` passes just after the run was started."""

        def too_late(key: Any, value: Any) -> None:
            raise AirflowTaskTimeout

        ti.xcom_push = too_late
        return ti

    def test_it_stops_the_run_that_was_started(self, functions: FakeLambda, timed_out: Any) -> None:
        functions.answers.extend([ANSWER, STOPPED])
        operator = ecs()
        with pytest.raises(AirflowTaskTimeout):
            operator.execute({"ti": timed_out})
        operator.on_kill()
        function, request = functions.invocations[1]
        assert function == "jetbridge-stop-run"
        assert request["run_ids"] == ["01k8run"]
        assert request["callers"] == {"01k8run": caller_of(timed_out).key}

    def test_it_says_that_another_try_has_the_run(
        self, functions: FakeLambda, timed_out: Any, capsys: pytest.CaptureFixture[str]
    ) -> None:
        functions.answers.extend([ANSWER, {**STOPPED, "stopping": [], "taken_over": ["01k8run"]}])
        operator = ecs()
        with pytest.raises(AirflowTaskTimeout):
            operator.execute({"ti": timed_out})
        operator.on_kill()
        assert "another try waits for it" in capsys.readouterr().out

    def test_it_finds_the_run_of_a_start_that_has_not_answered(
        self, functions: FakeLambda, ti: Any
    ) -> None:
        functions.answers.extend([AirflowTaskTimeout(), ANSWER, STOPPED])
        operator = ecs()
        with pytest.raises(AirflowTaskTimeout):
            operator.execute({"ti": ti})
        operator.on_kill()
        start, again, stop = functions.invocations
        assert again == start
        assert stop[0] == "jetbridge-stop-run"

    def test_it_says_so_when_it_could_not_stop(
        self, functions: FakeLambda, timed_out: Any, capsys: pytest.CaptureFixture[str]
    ) -> None:
        functions.answers.extend([ANSWER, client_error("ServiceException", "Invoke")])
        operator = ecs()
        with pytest.raises(AirflowTaskTimeout):
            operator.execute({"ti": timed_out})
        operator.on_kill()
        assert "could not be stopped" in capsys.readouterr().out

    @pytest.mark.parametrize("waits", [True, False])
    def test_a_worker_that_shuts_down_after_deferring_stops_nothing(
        self, functions: FakeLambda, ti: Any, waits: bool
    ) -> None:
        functions.answers.append(ANSWER)
        operator = ecs(wait_for_completion=waits)
        with suppress(TaskDeferred):
            operator.execute({"ti": ti})
        operator.on_kill()
        assert [function for function, _ in functions.invocations] == ["jetbridge-start-run"]

    def test_it_does_nothing_on_a_worker_that_only_resumes(
        self, functions: FakeLambda, ti: Any, make_event: Callable[..., dict[str, Any]]
    ) -> None:
        operator = ecs()
        operator.execute_complete({"ti": ti}, make_event())
        operator.on_kill()
        assert functions.invocations == []


class TestGivingUp:
    """Airflow resumes a task to fail it where its deferral timed out or its trigger failed."""

    TIMED_OUT: ClassVar = {"error": "Trigger timeout"}
    FAILED: ClassVar = {"error": "Trigger failure", "traceback": ["boom"]}

    def give_up(self, operator: Any, ti: Any, how: Any) -> None:
        expected = TaskDeferralTimeout if how is self.TIMED_OUT else TaskDeferralError
        with pytest.raises(expected):
            operator.resume_execution("__fail__", how, {"ti": ti})

    @pytest.mark.parametrize("how", [TIMED_OUT, FAILED], ids=["timed out", "failed"])
    def test_the_run_is_stopped(self, functions: FakeLambda, ti: Any, how: Any) -> None:
        functions.answers.extend([watched(ti), STOPPED])
        operator = ecs()
        self.give_up(operator, ti, how)
        (_, watch), (function, stop) = functions.invocations
        key = caller_of(ti).key
        assert watch["run_ids"] == [run_id_of(key)], "the try's key tells its run"
        assert function == "jetbridge-stop-run"
        assert stop["callers"] == {run_id_of(key): key}
        assert operator.arn == TASK_ARN, "for callbacks, and code of a subclass"

    @pytest.mark.parametrize("lost", [False, True])
    def test_a_wait_that_the_stock_operator_began_starts_nothing(
        self, functions: FakeLambda, ti: Any, capsys: pytest.CaptureFixture[str], lost: bool
    ) -> None:
        """Its import was changed meanwhile. Nor does a stack that doesn't answer."""
        watch = client_error("ServiceException", "Invoke") if lost else watched()
        functions.answers.extend([watch, {**STOPPED, "stopping": [], "unknown": ["x"]}])
        operator = ecs()
        self.give_up(operator, ti, self.FAILED)
        assert [function for function, _ in functions.invocations] == GIVEN_UP
        assert operator.arn is None
        assert "the amazon provider's operator began this wait" in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("how", "try_number", "stops"),
        [(FAILED, 2, False), (FAILED, 4, True), (TIMED_OUT, 2, True)],
        ids=["next try attaches", "no try left", "its time is over"],
    )
    def test_a_run_that_the_next_try_goes_on_with_is_left(
        self, functions: FakeLambda, ti: Any, how: Any, try_number: int, stops: bool
    ) -> None:
        functions.answers.extend([watched(), STOPPED])
        ti.try_number = try_number
        self.give_up(ecs(reattach=True), ti, how)
        assert [function for function, _ in functions.invocations[1:]] == (
            ["jetbridge-stop-run"] * stops
        )

    def test_the_task_fails_with_airflows_error_though_the_stop_fails(
        self, functions: FakeLambda, ti: Any, capsys: pytest.CaptureFixture[str]
    ) -> None:
        functions.answers.extend([client_error("AccessDeniedException", "Invoke")] * 2)
        self.give_up(ecs(), ti, self.TIMED_OUT)
        assert "could not be stopped" in capsys.readouterr().out

    def test_a_task_that_is_resumed_properly_stops_nothing(
        self, functions: FakeLambda, ti: Any, make_event: Callable[..., dict[str, Any]]
    ) -> None:
        ecs().resume_execution("execute_complete", {"event": make_event()}, {"ti": ti})
        assert functions.invocations == []


class TestExecuteComplete:
    def test_success_returns_the_containers_result(
        self, ti: Any, make_event: Callable[..., dict[str, Any]]
    ) -> None:
        event = make_event(result={"rows": 3})
        assert ecs().execute_complete({"ti": ti}, event) == {"rows": 3}
        assert ti.xcoms == {
            "exit_codes": {"main": 0},
            "ecs_task_arn": "arn:aws:ecs:eu-central-1:123456789012:task/c/0f1e",
        }

    @pytest.mark.parametrize(("result", "returned"), [(None, "8f2c"), ([1], [1]), (False, False)])
    def test_batch_returns_the_result_or_the_job_id(
        self, ti: Any, make_event: Callable[..., dict[str, Any]], result: Any, returned: Any
    ) -> None:
        event = make_event(backend="batch", backend_id="8f2c", result=result)
        assert batch().execute_complete({"ti": ti}, event) == returned
        assert ti.xcoms["batch_job_id"] == "8f2c"

    def test_a_stack_that_is_not_known_any_more_costs_links_and_no_task(
        self, ti: Any, make_event: Callable[..., dict[str, Any]]
    ) -> None:
        """Its connection may have been deleted while the task waited."""
        operator = ecs(jetbridge_conn_id="deleted_meanwhile")
        assert operator.execute_complete({"ti": ti}, make_event(result=5)) == 5
        assert operator.link_urls == {}

    def test_only_the_links_that_the_trigger_did_not_store_are_stored(
        self, ti: Any, make_event: Callable[..., dict[str, Any]]
    ) -> None:
        event = make_event()
        operator = ecs()
        operator.execute_complete({"ti": ti}, event)
        assert stored_links(operator) == ALL_LINKS
        known = dict(operator.link_urls or {})
        operator = ecs()
        operator.execute_complete({"ti": ti}, {**event, "links": {TASK_LINK: known[TASK_LINK]}})
        assert "EcsTaskLink" not in stored_links(operator)
        assert "JetbridgeRunLink" in stored_links(operator)
        operator.execute_complete({"ti": ti}, {**event, "links": {TASK_LINK: "https://other"}})
        assert "EcsTaskLink" in stored_links(operator)

    @pytest.mark.parametrize(("ended_after", "kept"), [(9.9, {"run_seconds": 9.9}), (10.0, {})])
    def test_only_the_seconds_of_a_short_run_are_kept(
        self,
        ti: Any,
        make_event: Callable[..., dict[str, Any]],
        ended_after: float,
        kept: dict[str, float],
    ) -> None:
        """A run without them is one that takes longer."""
        event = {**make_event(finished_at=1000 + ended_after), "waits_since": 1000.0}
        ecs().execute_complete({"ti": ti}, event)
        assert {key: value for key, value in ti.xcoms.items() if key == "run_seconds"} == kept

    def test_nothing_is_pushed_where_xcom_is_off(
        self, ti: Any, make_event: Callable[..., dict[str, Any]]
    ) -> None:
        ecs(do_xcom_push=False).execute_complete({"ti": ti}, make_event())
        assert ti.xcoms == {}

    def test_the_exception_of_a_failure_says_everything(
        self, ti: Any, make_event: Callable[..., dict[str, Any]]
    ) -> None:
        event = make_event(
            state=State.FAILED,
            cause=Cause.OUT_OF_MEMORY,
            fault=Fault.JOB,
            reason="OutOfMemoryError: Container killed due to memory usage",
            advice="Give the container more memory.",
            exit_codes={"main": 137, "sidecar": 0},
            last_lines=["main: loading", "main: still loading"],
        )
        with pytest.raises(RunFailed) as failed:
            ecs().execute_complete({"ti": ti}, event)
        task = "arn:aws:ecs:eu-central-1:123456789012:task/c/0f1e"
        assert str(failed.value).splitlines() == [
            f"This task is not in success state {{'taskArn': '{task}', 'containers': ["
            "{'name': 'main', 'lastStatus': 'STOPPED', 'exitCode': 137}, "
            "{'name': 'sidecar', 'lastStatus': 'STOPPED', 'exitCode': 0}]}",
            "Run 01k8run failed: out of memory",
            "Exit codes: main exited with 137, sidecar exited with 0",
            "AWS says: OutOfMemoryError: Container killed due to memory usage",
            "Advice: Give the container more memory.",
            f"ECS task: {task}",
            "This task is not in success state - last 10 logs from Cloudwatch:",
            "main: loading",
            "main: still loading",
        ]
        assert ti.xcoms["exit_codes"] == {"main": 137, "sidecar": 0}

    def test_a_missing_exit_code_is_said_to_be_missing(
        self, ti: Any, make_event: Callable[..., dict[str, Any]]
    ) -> None:
        event = make_event(
            state=State.FAILED, cause=Cause.CAPACITY, exit_codes={}, backend_id=None, reason=""
        )
        with pytest.raises(RunFailed) as failed:
            ecs(skip_on_exit_code=1).execute_complete({"ti": ti}, event)
        assert str(failed.value).splitlines() == [
            "Run 01k8run failed: capacity",
            "No container has an exit code",
        ]

    def test_airflow_may_retry_a_failure(
        self, ti: Any, make_event: Callable[..., dict[str, Any]]
    ) -> None:
        with pytest.raises(AirflowException) as failed:
            ecs().execute_complete({"ti": ti}, make_event(state=State.FAILED))
        assert not isinstance(failed.value, AirflowFailException)

    def test_its_time_was_over(self, ti: Any, make_event: Callable[..., dict[str, Any]]) -> None:
        event = make_event(state=State.STOPPED, cause=Cause.TIMEOUT, fault=Fault.USER)
        with pytest.raises(AirflowTaskTimeout, match="Run 01k8run stopped: timeout"):
            ecs().execute_complete({"ti": ti}, event)

    def test_batchs_own_timeout_is_a_failure(
        self, ti: Any, make_event: Callable[..., dict[str, Any]]
    ) -> None:
        event = make_event(state=State.FAILED, cause=Cause.TIMEOUT, backend="batch")
        with pytest.raises(RunFailed):
            batch().execute_complete({"ti": ti}, event)

    def test_somebody_stopped_it(self, ti: Any, make_event: Callable[..., dict[str, Any]]) -> None:
        event = make_event(state=State.STOPPED, cause=Cause.STOPPED_BY_USER, exit_codes={"m": 143})
        with pytest.raises(RunStopped, match="stopped by user"):
            ecs(skip_on_exit_code=143).execute_complete({"ti": ti}, event)

    @pytest.mark.parametrize(
        ("codes", "skip_on", "skips"),
        [
            ({"main": 99}, 99, True),
            ({"main": 99}, [98, 99], True),
            ({"main": 99, "sidecar": 0}, {99}, True),
            ({"main": 1}, 99, False),
            ({"main": 99, "sidecar": 1}, 99, False),
            ({"main": 0}, 0, False),
            ({}, 1, False),
            ({"main": 99}, None, False),
        ],
    )
    def test_skip_on_exit_code(
        self,
        ti: Any,
        make_event: Callable[..., dict[str, Any]],
        codes: dict[str, Any],
        skip_on: Any,
        skips: bool,
    ) -> None:
        event = make_event(state=State.FAILED, cause=Cause.APPLICATION_EXIT, exit_codes=codes)
        with pytest.raises(AirflowSkipException if skips else RunFailed):
            ecs(skip_on_exit_code=skip_on).execute_complete({"ti": ti}, event)

    @pytest.mark.parametrize("stale", [{"try_number": 1}, {"ti_id": "another"}])
    @pytest.mark.parametrize("state", list(State))
    def test_a_try_resumed_with_another_tries_outcome_starts_its_own_run(
        self,
        functions: FakeLambda,
        ti: Any,
        make_event: Callable[..., dict[str, Any]],
        stale: dict[str, Any],
        state: Any,
    ) -> None:
        functions.answers.append(ANSWER)
        event = make_event(state=state, caller=caller_of(ti, **stale))
        with pytest.raises(TaskDeferred):
            ecs(skip_on_exit_code=0).execute_complete({"ti": ti}, event)
        ((_, request),) = functions.invocations
        assert (request["caller"]["ti_id"], request["caller"]["try_number"]) == (ti.id, 2)
        assert ti.xcoms == {"run_id": "01k8run"}

    def test_that_run_has_what_a_subclass_sets_in_its_execute(
        self, functions: FakeLambda, ti: Any, make_event: Callable[..., dict[str, Any]]
    ) -> None:
        class Decides(EcsRunTaskOperator):
            def execute(self, context: Any) -> Any:
                self.cluster = "chosen-in-execute"
                return super().execute(context)

        functions.answers.append(ANSWER)
        operator = Decides(task_id="job", task_definition="t", cluster="c", overrides={})
        with pytest.raises(TaskDeferred):
            operator.execute_complete({"ti": ti}, make_event(caller=caller_of(ti, ti_id="another")))
        assert functions.invocations[0][1]["run_task"]["cluster"] == "chosen-in-execute"

    def test_that_run_is_started_by_the_task_whose_code_calls_the_operator(
        self, functions: FakeLambda, ti: Any, make_event: Callable[..., dict[str, Any]]
    ) -> None:
        class Outer:
            def execute(self, context: Any) -> Any:
                return ecs(task_definition="outers").execute(context)

            def execute_complete(self, context: Any, event: Any) -> Any:
                return ecs(task_definition="forgotten").execute_complete(context, event)

        ti.task = Outer()
        functions.answers.append(ANSWER)
        with pytest.raises(TaskDeferred):
            ti.task.execute_complete({"ti": ti}, make_event(caller=caller_of(ti, ti_id="another")))
        assert functions.invocations[0][1]["run_task"]["taskDefinition"] == "outers"

    @pytest.mark.parametrize(
        "foreign",
        [{"dag_id": "x"}, {"run_id": "x"}, {"task_id": "x"}, {"map_index": 3}],
    )
    def test_the_outcome_of_another_task_is_refused(
        self,
        functions: FakeLambda,
        ti: Any,
        make_event: Callable[..., dict[str, Any]],
        foreign: dict[str, Any],
    ) -> None:
        event = make_event(caller=caller_of(ti, ti_id="another", **foreign))
        with pytest.raises(ForeignOutcome, match="This is try 2 of"):
            ecs().execute_complete({"ti": ti}, event)
        assert (ti.xcoms, functions.invocations) == ({}, [])

    def test_an_attached_try_ends_with_the_earlier_trys_run(
        self, ti: Any, make_event: Callable[..., dict[str, Any]]
    ) -> None:
        earlier = caller_of(ti, try_number=1, ti_id="another")
        event = {**make_event(caller=earlier), "attached_try": [ti.id, 2]}
        assert ecs().execute_complete({"ti": ti}, event) is None
        assert ti.xcoms["exit_codes"] == {"main": 0}

    def test_a_try_after_the_attached_one_starts_its_own_run(
        self, functions: FakeLambda, ti: Any, make_event: Callable[..., dict[str, Any]]
    ) -> None:
        functions.answers.append(ANSWER)
        earlier = caller_of(ti, try_number=1, ti_id="first")
        event = {**make_event(caller=earlier), "attached_try": ["second", 1]}
        with pytest.raises(TaskDeferred):
            ecs().execute_complete({"ti": ti}, event)

    @pytest.mark.parametrize(
        "foreign", [{"dag_id": "o"}, {"run_id": "o"}, {"task_id": "o"}, {"map_index": 7}]
    )
    def test_attaching_does_not_open_other_tasks(
        self, ti: Any, make_event: Callable[..., dict[str, Any]], foreign: dict[str, Any]
    ) -> None:
        event = {**make_event(caller=caller_of(ti, **foreign)), "attached_try": [ti.id, 2]}
        with pytest.raises(ForeignOutcome):
            ecs().execute_complete({"ti": ti}, event)

    def test_the_outcome_of_somebody_else_is_refused(
        self, ti: Any, make_event: Callable[..., dict[str, Any]]
    ) -> None:
        caller = ScheduleCaller(schedule_arn="arn", scheduled_time="2026-01-01T00:00:00Z")
        with pytest.raises(ForeignOutcome, match="not started by Airflow"):
            ecs().execute_complete({"ti": ti}, make_event(caller=caller))

    @pytest.mark.parametrize("event", [None, {}, {"outcome": {"run_id": 7}}])
    def test_an_event_without_an_outcome_is_refused(
        self, ti: Any, event: dict[str, Any] | None
    ) -> None:
        with pytest.raises(ForeignOutcome, match=r"carries no|event is None"):
            ecs().execute_complete({"ti": ti}, event)

    def test_fields_of_a_later_version_are_ignored(
        self, ti: Any, make_event: Callable[..., dict[str, Any]]
    ) -> None:
        event = make_event(result=5)
        event["outcome"]["added_later"] = True
        assert ecs().execute_complete({"ti": ti}, event) == 5
