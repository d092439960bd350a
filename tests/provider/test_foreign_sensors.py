"""`EcsTaskStateSensor` and `BatchSensor`: the stock keywords, a look, then the wait by event."""

import inspect
import json
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
import virtual_time
from airflow.providers.amazon.aws.hooks.ecs import EcsTaskStates
from airflow.providers.amazon.aws.sensors import batch as stock_batch
from airflow.providers.amazon.aws.sensors import ecs as stock_ecs
from airflow.providers.common.compat.sdk import (
    AirflowException,
    AirflowSensorTimeout,
    AirflowSkipException,
    TaskDeferred,
)
from fake_aws import FakeDynamoDB, FakeLambda
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_jetbridge import aws
from airflow_provider_jetbridge.sensors import batch, ecs
from airflow_provider_jetbridge.sensors.batch import BatchSensor
from airflow_provider_jetbridge.sensors.ecs import EcsTaskStateSensor
from airflow_provider_jetbridge.triggers import poller
from airflow_provider_jetbridge.triggers.foreign import JetbridgeStateTrigger
from jetbridge.contract import Launched, Outcome, State, encode, to_builtins

KEPT = "kxh3n2j5z5qwriv6abcd"
TASK = "arn:aws:ecs:eu-central-1:123456789012:task/etl/0f1e"


def answer(status: str = "", outcome: Any = None, **state: Any) -> dict[str, Any]:
    known = {"run_id": KEPT, "backend": "ecs", "backend_id": TASK, "status": status} | state
    return {
        "runs": {},
        "outcomes_table": "outcomes",
        "stop_function": "jetbridge-stop-run",
        "region": "eu-west-1",
        "foreign": known | ({"outcome": to_builtins(outcome)} if outcome else {}),
    }


def task_sensor(**keywords: Any) -> EcsTaskStateSensor:
    known: dict[str, Any] = {"task_id": "wait", "cluster": "etl", "task": TASK, "deferrable": True}
    return EcsTaskStateSensor(**known | keywords)


def job_sensor(**keywords: Any) -> BatchSensor:
    known: dict[str, Any] = {"task_id": "wait", "job_id": "job-1", "deferrable": True}
    return BatchSensor(**known | keywords)


def deferred(sensor: Any, ti: Any) -> Any:
    with pytest.raises(TaskDeferred) as raised:
        sensor.execute({"ti": ti})
    return raised.value


@pytest.mark.parametrize(
    ("ours", "stock"),
    [(EcsTaskStateSensor, stock_ecs.EcsTaskStateSensor), (BatchSensor, stock_batch.BatchSensor)],
)
def test_every_stock_keyword_is_taken_and_templated_alike(ours: Any, stock: Any) -> None:
    def keywords(sensor: Any) -> set[Any]:
        made = (base.__init__ for base in sensor.__mro__ if "amazon" in base.__module__)
        return {name for init in made for name in inspect.signature(init).parameters}

    given = keywords(stock) - {"self", "args", "kwargs"}
    assert {"aws_conn_id", "verify"} < given
    for name in given:
        assert any(name in inspect.signature(base.__init__).parameters for base in ours.__mro__), (
            name
        )
    assert set(stock.template_fields) <= set(ours.template_fields)


@pytest.mark.parametrize(
    ("module", "stock", "name"),
    [
        (ecs, stock_ecs, "EcsClusterStateSensor"),
        (batch, stock_batch, "BatchComputeEnvironmentSensor"),
    ],
)
def test_what_is_not_replaced_is_the_amazon_providers(module: Any, stock: Any, name: str) -> None:
    assert getattr(module, name) is getattr(stock, name)
    with pytest.raises(AttributeError, match="neither module"):
        module.NoSuchSensor  # noqa: B018


class TestLook:
    @pytest.mark.parametrize("target", ["RUNNING", EcsTaskStates.RUNNING])
    def test_what_has_come_ends_it_at_once(
        self, functions: FakeLambda, ti: Any, target: Any
    ) -> None:
        functions.answers.append(answer("RUNNING"))
        assert task_sensor(target_state=target).execute({"ti": ti}) is None
        ((function, request),) = functions.invocations
        assert function == "jetbridge-watch-runs"
        assert request["foreign"] == {"kind": "ecs_task", "cluster": "etl", "task": TASK}

    @pytest.mark.parametrize("deferrable", [True, False])
    def test_a_stopped_task_will_not_run(
        self, functions: FakeLambda, ti: Any, deferrable: bool
    ) -> None:
        functions.answers.append(answer("STOPPED", reason="Task stopped by user"))
        expected = (
            r"Terminal state reached\. Current state: STOPPED, Expected state: RUNNING\. "
            r"Task stopped by user"
        )
        with pytest.raises(AirflowException, match=expected):
            task_sensor(deferrable=deferrable).execute({"ti": ti})

    @pytest.mark.parametrize("failures", [{"DEPROVISIONING"}, {EcsTaskStates.DEPROVISIONING}])
    def test_a_failure_state_fails_it(
        self, functions: FakeLambda, ti: Any, failures: set[Any]
    ) -> None:
        functions.answers.append(answer("DEPROVISIONING"))
        with pytest.raises(AirflowException, match="Current state: DEPROVISIONING"):
            task_sensor(target_state="STOPPED", failure_states=failures).execute({"ti": ti})

    def test_a_state_without_event_is_looked_for_again_and_again(
        self, functions: FakeLambda, ti: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("time.sleep", lambda seconds: None)
        functions.answers.extend([answer("PROVISIONING"), answer("PENDING")])
        task_sensor(target_state="PENDING", poke_interval=1).execute({"ti": ti})
        assert len(functions.invocations) == 2

    def test_a_subclass_with_its_own_poke_is_poked(self, functions: FakeLambda, ti: Any) -> None:
        """Also with ``[operators] default_deferrable``: the amazon provider's sensor has no other
        way to wait."""

        class Own(EcsTaskStateSensor):
            def poke(self, context: Any) -> bool:
                seen.append(self.task)
                return True

        seen: list[str] = []
        Own(task_id="wait", cluster="etl", task=TASK, deferrable=True).execute({"ti": ti})
        assert (seen, functions.invocations) == ([TASK], [])

    @pytest.mark.parametrize("status", ["SUBMITTED", "RUNNABLE", "RUNNING"])
    def test_the_sensor_waits_for_a_job_in_progress(
        self, functions: FakeLambda, ti: Any, status: str
    ) -> None:
        functions.answers.append(answer(status, backend="batch"))
        event = deferred(job_sensor(), ti)
        assert isinstance(event.trigger, JetbridgeStateTrigger)
        assert event.timeout.total_seconds() == pytest.approx(4200 * 30, abs=60)

    @pytest.mark.parametrize("keyword", ["retries", "soft_fail", "never_fail"])
    def test_a_job_that_failed_ends_it_alike_at_the_first_look_and_later(
        self,
        functions: FakeLambda,
        ti: Any,
        keyword: str,
        make_event: Callable[..., dict[str, Any]],
    ) -> None:
        """The amazon provider's sensor always defers first, and Airflow reads the keywords when it
        resumes."""
        sensor = job_sensor(**{keyword: True})
        event = make_event(backend="batch", state=State.FAILED)
        functions.answers.append(answer("FAILED", backend="batch"))
        with pytest.raises(AirflowException) as later:
            sensor.resume_execution("execute_complete", {"event": event}, {"ti": ti})
        with pytest.raises(AirflowException) as at_once:
            sensor.execute({"ti": ti})
        assert type(at_once.value) is type(later.value)
        assert (type(later.value) is AirflowSkipException) >= (keyword == "soft_fail")

    @pytest.mark.parametrize("status", ["success", "failed"])
    def test_a_wait_that_the_stock_sensor_began_ends_as_there(self, ti: Any, status: str) -> None:
        """The import was changed while the task waited for triggers/batch.py's trigger."""
        event = {"status": status, "job_id": "job-1"}
        told = []
        for sensor in (job_sensor(), stock_batch.BatchSensor(task_id="w", job_id="job-1")):
            try:
                told.append(
                    sensor.resume_execution("execute_complete", {"event": event}, {"ti": ti})
                )
            except AirflowException as error:
                told.append(str(error))
        assert told[0] == told[1]
        assert (told[0] is None) is (status == "success")

    def test_a_failed_job(self, functions: FakeLambda, ti: Any) -> None:
        functions.answers.append(answer("FAILED", backend="batch", reason="Host EC2 terminated"))
        expected = r"Batch sensor failed\. AWS Batch job status: FAILED\. Host EC2 terminated"
        with pytest.raises(AirflowException, match=expected):
            job_sensor(deferrable=False).poke({"ti": ti})

    @pytest.mark.parametrize(
        ("sensor", "backend", "state", "comes"),
        [
            (job_sensor, "batch", State.SUCCEEDED, True),
            (job_sensor, "batch", State.FAILED, False),
            (task_sensor, "ecs", State.FAILED, False),
            (lambda: task_sensor(target_state="STOPPED"), "ecs", State.FAILED, True),
        ],
    )
    def test_what_aws_forgot_ends_it_as_it_was_kept(
        self,
        functions: FakeLambda,
        ti: Any,
        make_outcome: Callable[..., Outcome],
        sensor: Any,
        backend: str,
        state: State,
        comes: bool,
    ) -> None:
        functions.answers.append(answer(outcome=make_outcome(state=state, backend=backend)))
        if comes:
            assert sensor().execute({"ti": ti}) is None
        else:
            with pytest.raises(AirflowException):
                sensor().execute({"ti": ti})

    def test_what_nobody_knows_fails_it(self, functions: FakeLambda, ti: Any) -> None:
        functions.answers.append(answer())
        with pytest.raises(AirflowException, match=r"AWS doesn't know .*0f1e.*check its id"):
            task_sensor().execute({"ti": ti})

    def test_a_child_is_looked_at_again_and_again(
        self, functions: FakeLambda, ti: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("time.sleep", lambda seconds: None)
        going = answer("RUNNING", backend="batch", awaited=False)
        functions.answers.extend([going, going, answer("SUCCEEDED", backend="batch")])
        job_sensor(job_id="job-1:3", poke_interval=1).execute({"ti": ti})
        assert len(functions.invocations) == 3

    def test_an_older_stack_is_named(self, functions: FakeLambda, ti: Any) -> None:
        older = answer("RUNNING")
        del older["foreign"]
        functions.answers.append(older)
        with pytest.raises(AirflowException, match="older than this sensor"):
            task_sensor().execute({"ti": ti})


def test_the_stock_keyword_region_has_the_fix_in_its_warning() -> None:
    from airflow.exceptions import AirflowProviderDeprecationWarning

    with pytest.warns(AirflowProviderDeprecationWarning, match="give region_name"):
        task_sensor(region="eu-central-1")


class TestResumed:
    @given(st.sampled_from(["RUNNING", "STOPPED"]), st.sampled_from(list(State)))
    def test_a_tasks_end(self, target: Any, state: Any) -> None:
        make = outcome_event(backend="ecs", state=state)
        sensor = task_sensor(target_state=target)
        if target == "STOPPED":
            assert sensor.execute_complete({}, make, until=0) is None
        else:
            with pytest.raises(AirflowException, match="Current state: STOPPED"):
                sensor.execute_complete({}, make, until=0)

    @pytest.mark.parametrize("state", list(State))
    def test_a_jobs_end(self, state: Any) -> None:
        event = outcome_event(backend="batch", state=state)
        if state is State.SUCCEEDED:
            assert job_sensor().execute_complete({}, event, until=0) is None
        else:
            with pytest.raises(AirflowException, match="job status: FAILED"):
                job_sensor().execute_complete({}, event, until=0)

    def test_a_task_that_runs(self) -> None:
        event = {"run_id": KEPT, "launched": to_builtins(launched())}
        assert task_sensor().execute_complete({}, event, until=0) is None
        with pytest.raises(AirflowException, match="Current state: RUNNING"):
            task_sensor(target_state="STOPPED", failure_states={"RUNNING"}).execute_complete(
                {}, event, until=0
            )

    def test_a_launch_that_cannot_be_read_fails_it(self) -> None:
        event = {"run_id": KEPT, "launched": {"run_id": 7}}
        with pytest.raises(AirflowException, match="carries no readable launch"):
            task_sensor().execute_complete({}, event, until=0)

    def test_a_state_that_comes_before_the_one_waited_for(
        self, functions: FakeLambda, ti: Any
    ) -> None:
        """The task runs. The sensor waits for its end, so it asks the stack once more."""
        functions.answers.append(answer("STOPPED"))
        event = {"run_id": KEPT, "launched": to_builtins(launched())}
        sensor = task_sensor(target_state="STOPPED", failure_states=set())
        assert sensor.execute_complete({"ti": ti}, event, until=time.time() + 9) is None
        assert len(functions.invocations) == 1

    def test_time_to_look_again(self, functions: FakeLambda, ti: Any) -> None:
        functions.answers.extend([answer("RUNNING"), answer("STOPPED")])
        sensor = task_sensor(target_state="STOPPED")
        until = time.time() + 100
        with pytest.raises(TaskDeferred) as again:
            sensor.execute_complete({"ti": ti}, {"look_again": True}, until=until)
        assert again.value.kwargs == {"until": until}
        assert again.value.timeout.total_seconds() <= 100
        event = {"look_again": True}
        assert sensor.execute_complete({"ti": ti}, event, until=until) is None

    def test_its_time_is_over(self, functions: FakeLambda, ti: Any) -> None:
        functions.answers.append(answer("RUNNING"))
        with pytest.raises(AirflowSensorTimeout, match="The sensor timed out while it waited for"):
            task_sensor(target_state="STOPPED").execute_complete(
                {"ti": ti}, {"look_again": True}, until=time.time() - 1
            )


def launched() -> Launched:
    return Launched(
        run_id=KEPT,
        backend="ecs",
        region="eu-central-1",
        backend_id=TASK,
        launched_at=1.0,
        started_at="2026-03-01T00:00:42Z",
    )


def outcome_event(**changes: Any) -> dict[str, Any]:
    return {"run_id": KEPT, "outcome": to_builtins(an_outcome(**changes))}


def an_outcome(**changes: Any) -> Outcome:
    from jetbridge.contract import Cause, Fault, Outcome, PersonCaller

    known: dict[str, Any] = {
        "run_id": KEPT,
        "state": State.SUCCEEDED,
        "cause": Cause.COMPLETED,
        "fault": Fault.NOBODY,
        "reason": "Essential container in task exited",
        "advice": "",
        "caller": PersonCaller(name="ann"),
        "backend": "ecs",
        "region": "eu-central-1",
        "finished_at": 1_767_225_600.0,
    }
    return Outcome(**known | changes)


class TestTrigger:
    @pytest.fixture
    def table(self, monkeypatch: pytest.MonkeyPatch) -> FakeDynamoDB:
        fake = FakeDynamoDB()
        fake.tables["outcomes"] = {}
        monkeypatch.setattr(aws, "client", lambda access, service, **defaults: fake)
        monkeypatch.setattr(poller, "ThreadPoolExecutor", virtual_time.Inline)
        monkeypatch.setattr(poller, "sync_to_async", virtual_time.in_this_thread)
        return fake

    def fired(self, *, awaits_running: bool, look_again_in: float = 60.0) -> Any:
        made = JetbridgeStateTrigger(
            run_id=KEPT,
            what="ECS task 0f1e",
            awaits_running=awaits_running,
            look_again_at=time.time() + look_again_in,
            outcomes_table="outcomes",
            region_name="eu-central-1",
            deferred_at=0.0,
        )
        path, keywords = made.serialize()
        module, _, name = path.rpartition(".")
        again = getattr(import_module(module), name)(**json.loads(json.dumps(keywords)))

        async def scenario() -> list[Any]:
            return [event.payload async for event in again.run()]

        (event,) = virtual_time.run(lambda _: scenario())
        return event

    def test_it_fires_with_the_end(self, table: FakeDynamoDB) -> None:
        table.tables["outcomes"][KEPT] = encode(an_outcome())
        assert self.fired(awaits_running=False)["outcome"]["state"] == "succeeded"

    @pytest.mark.parametrize(("awaits_running", "kind"), [(True, "launched"), (False, None)])
    def test_it_fires_when_the_containers_run_if_the_sensor_waits_for_that(
        self, table: FakeDynamoDB, awaits_running: bool, kind: str | None
    ) -> None:
        table.launched[KEPT] = encode(launched())
        event = self.fired(awaits_running=awaits_running)
        assert (kind or "look_again") in event

    def test_it_waits_for_a_launch_that_does_not_run_yet(self, table: FakeDynamoDB) -> None:
        from msgspec.structs import replace

        table.launched[KEPT] = encode(replace(launched(), started_at=None))
        assert self.fired(awaits_running=True) == {
            "run_id": KEPT,
            "look_again": True,
            "waits_since": 0.0,
        }

    def test_a_record_that_cannot_be_read_is_passed_over(self, table: FakeDynamoDB) -> None:
        table.launched[KEPT] = "no json"
        assert "look_again" in self.fired(awaits_running=True)

    def test_it_looks_again_in_time_after_a_restart(self, table: FakeDynamoDB) -> None:
        assert "look_again" in self.fired(awaits_running=False, look_again_in=-1.0)
