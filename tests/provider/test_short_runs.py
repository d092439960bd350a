"""Short runs: waited for on the worker if the last one was short, and deferred otherwise."""

import math
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import TaskDeferred
from fake_aws import ANSWER, FakeDynamoDB, FakeLambda, client_error
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_jetbridge import aws
from airflow_provider_jetbridge.exceptions import RunFailed
from airflow_provider_jetbridge.operators import run, short
from airflow_provider_jetbridge.operators.ecs import EcsRunTaskOperator
from jetbridge.contract import Cause, Fault, Launched, Outcome, State, encode, run_id_of
from jetbridge.contract.callers import AirflowCaller

RUN = "01k8run"
OUTCOMES = "outcomes"
STOPPED = {"stopping": [RUN], "already_ended": [], "unknown": []}


class World:
    """One task on a worker, whose seconds pass only while it sleeps.

    ``last`` is what the task's last run has in XCom; ``happens`` are acts by the second at which
    they happen.
    """

    def __init__(self, ti: Any) -> None:
        self.functions = FakeLambda()
        self.functions.answers.append(ANSWER)
        self.table = FakeDynamoDB()
        self.table.tables[OUTCOMES] = {}
        self.clients: dict[str, Any] = {"lambda": self.functions, "dynamodb": self.table}
        self.seconds = 0.0
        self.happens: dict[float, Callable[[], Any]] = {}
        self.ti = ti
        self.last: Any = None
        ti.xcom_pull = self.xcom_pull

    def xcom_pull(self, *, key: Any, map_indexes: Any, include_prior_dates: Any) -> Any:
        assert (key, map_indexes, include_prior_dates) == ("run_seconds", self.ti.map_index, True)
        if isinstance(self.last, Exception):
            raise self.last
        return self.last

    def sleep(self, seconds: Any) -> None:
        self.seconds += seconds
        for at in [at for at in self.happens if at <= self.seconds]:
            self.happens.pop(at)()

    def ends(self, outcome: Any) -> None:
        self.table.tables[OUTCOMES][RUN] = encode(outcome)

    def execute(self, operator: Any = EcsRunTaskOperator, **keywords: Any) -> Any:
        keywords = {"wait_for_completion": True, "do_xcom_push": True, **keywords}
        self.task = operator(
            task_id="job", task_definition="t", cluster="c", overrides={}, **keywords
        )
        self.ti.task = self.task
        return self.task.execute({"ti": self.ti})

    def defers(self, **keywords: Any) -> Any:
        with pytest.raises(TaskDeferred) as deferred:
            self.execute(**keywords)
        return deferred.value.trigger


@pytest.fixture
def world(ti: Any, monkeypatch: pytest.MonkeyPatch) -> World:
    world = World(ti)
    monkeypatch.setattr(aws, "client", lambda access, service, **defaults: world.clients[service])
    clock = SimpleNamespace(
        monotonic=lambda: world.seconds, time=lambda: 1e6 + world.seconds, sleep=world.sleep
    )
    monkeypatch.setattr(short, "time", clock)
    monkeypatch.setattr(run, "time", clock)
    return world


def test_a_short_run_ends_its_task_without_a_deferral(
    world: World, make_outcome: Callable[..., Outcome]
) -> None:
    world.last = 4.0
    outcome = make_outcome(result={"rows": 7}, finished_at=1e6 + 2.2)
    world.happens = {3.0: lambda: world.ends(outcome)}
    assert world.execute() == {"rows": 7}
    assert world.seconds == 3.0
    assert world.ti.xcoms["exit_codes"] == {"main": 0}
    assert world.ti.xcoms["run_seconds"] == 2.2


def test_in_a_pod_of_kubernetes_executor_a_short_run_needs_no_other_pod(
    world: World, make_outcome: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another pod for the resume would take longer than the run. A longer one isn't held."""
    monkeypatch.setenv("AIRFLOW_IS_K8S_EXECUTOR_POD", "True")
    world.last = 4.0
    world.happens = {3.0: lambda: world.ends(make_outcome(finished_at=1e6 + 2.2))}
    world.execute()
    assert world.seconds == 3.0
    world.functions.answers.append(ANSWER)
    world.table.tables[OUTCOMES] = {}
    world.last = 40.0
    assert not world.defers().held


def test_a_short_run_that_fails_fails_its_task(
    world: World, make_outcome: Callable[..., Outcome]
) -> None:
    world.last = 4
    failed = {"state": State.FAILED, "cause": Cause.APPLICATION_EXIT, "fault": Fault.JOB}
    world.ends(make_outcome(**failed, exit_codes={"main": 3}))
    with pytest.raises(RunFailed):
        world.execute()


def test_one_that_takes_longer_is_deferred_and_the_next_one_knows(world: World) -> None:
    world.last = 4.0
    assert world.defers().run_id == RUN
    assert 10 <= world.seconds <= 10 + short.LOOK_EVERY_SECONDS
    world.last, looks = world.ti.xcoms["run_seconds"], len(world.table.calls)
    world.functions.answers.append(ANSWER)
    world.defers()
    assert len(world.table.calls) == looks


def test_a_run_that_ends_soon_after_a_vain_wait_was_no_short_one(
    world: World, make_event: Callable[..., dict[str, Any]]
) -> None:
    world.last = 4.0
    trigger = world.defers()
    ended = 1e6 + world.seconds + 1
    event = {**make_event(finished_at=ended), "waits_since": trigger.waits_since}
    world.task.execute_complete({"ti": world.ti}, event)
    assert world.ti.xcoms["run_seconds"] >= 10


def test_a_task_whose_last_run_took_longer_is_deferred_at_once(world: World) -> None:
    world.last = 10.5
    world.defers()
    assert (world.seconds, world.table.calls) == (0, [])


@pytest.mark.parametrize("last", [None, "4", True, math.nan, OSError("no answer")])
def test_without_a_readable_last_time_it_is_deferred_at_once(world: World, last: Any) -> None:
    world.last = last
    world.defers()
    assert (world.seconds, world.table.calls) == (0, [])


@pytest.mark.parametrize(
    ("option", "value"), [("SHORT_RUN_SECONDS", "0"), ("RESUME_HOLD_SECONDS", "0")]
)
def test_it_is_deferred_at_once_where_nothing_is_gained(
    world: World, monkeypatch: pytest.MonkeyPatch, option: str, value: str
) -> None:
    monkeypatch.setenv(f"AIRFLOW__JETBRIDGE__{option}", value)
    world.last = 4.0
    world.defers()
    assert world.table.calls == []


def test_a_task_that_is_over_sooner_is_deferred(world: World) -> None:
    world.last = 4.0
    world.defers(execution_timeout=timedelta(seconds=10))
    assert world.table.calls == []


def test_a_task_without_xcom_is_deferred(world: World) -> None:
    world.last = 4.0
    world.defers(do_xcom_push=False)
    assert world.table.calls == []


def test_a_run_of_an_earlier_try_is_deferred(world: World) -> None:
    world.functions.answers[0] = {**ANSWER, "attached": True}
    world.last = 4.0
    world.defers(reattach=True)
    assert world.table.calls == []


def test_a_subclass_with_an_execute_of_its_own_is_deferred(world: World) -> None:
    """Otherwise only short runs would do what it does after Jetbridge's ``execute``."""
    done = []

    class Own(EcsRunTaskOperator):
        def execute(self, context: Any) -> None:
            done.append(super().execute(context))

    world.last = 4.0
    world.defers(operator=Own)
    assert (world.table.calls, done) == ([], [])


def test_a_subclass_gets_the_end_of_a_short_run_as_of_any(
    world: World, make_outcome: Callable[..., Outcome]
) -> None:
    heard = []

    class Own(EcsRunTaskOperator):
        def execute_complete(self, context: Any, event: Any = None) -> Any:
            heard.append(event["outcome"]["state"])
            return super().execute_complete(context, event)

    world.last = 4.0
    world.ends(make_outcome(result=1))
    assert world.execute(operator=Own) == 1
    assert heard == ["succeeded"]


def test_an_operator_inside_another_task_is_deferred(world: World) -> None:
    class Outer(EcsRunTaskOperator):
        """A task whose code executes another operator, and hands on what that one gets."""

    world.last = 4.0
    inner = EcsRunTaskOperator(
        task_id="job", task_definition="t", cluster="c", overrides={}, wait_for_completion=True
    )
    world.ti.task = Outer(task_id="outer", task_definition="t", cluster="c", overrides={})
    with pytest.raises(TaskDeferred):
        inner.execute({"ti": world.ti})
    assert world.table.calls == []


@pytest.mark.parametrize(
    "code", ["AccessDeniedException", "ProvisionedThroughputExceededException"]
)
def test_a_table_that_cannot_be_read_is_the_triggerers_affair(
    world: World, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    world.last = 4.0
    world.table.faults.append(client_error(code))
    assert world.defers().run_id == RUN
    assert "run_seconds" not in world.ti.xcoms


def test_a_connection_that_is_missing_is_the_triggerers_affair(world: World) -> None:
    world.last = 4.0
    del world.clients["dynamodb"]
    assert world.defers().run_id == RUN


def test_a_killed_worker_stops_the_run_that_it_waits_for(world: World) -> None:
    world.functions.answers.append(STOPPED)
    world.last = 4.0
    world.happens = {1.0: lambda: world.task.on_kill()}
    world.defers()
    names = [name for name, _ in world.functions.invocations]
    assert names == ["jetbridge-start-run", "jetbridge-stop-run"]


def test_an_outcome_that_cannot_be_read_fails_the_task_and_not_the_wait(world: World) -> None:
    from airflow_provider_jetbridge.exceptions import UnreadableOutcome

    caller = AirflowCaller(
        dag_id=world.ti.dag_id,
        run_id=world.ti.run_id,
        task_id=world.ti.task_id,
        try_number=world.ti.try_number,
        ti_id=world.ti.id,
    )
    run_id = run_id_of(caller.key)
    world.functions.answers[0] = {**ANSWER, "run_id": run_id}
    world.table.tables[OUTCOMES][run_id] = "{"
    world.last = 4.0
    with pytest.raises(UnreadableOutcome):
        world.execute()


def test_a_task_that_waits_for_the_launch_alone(world: World) -> None:
    arn = "arn:aws:ecs:eu-central-1:123456789012:task/c/0f1e"
    caller = AirflowCaller(
        dag_id=world.ti.dag_id,
        run_id=world.ti.run_id,
        task_id=world.ti.task_id,
        try_number=world.ti.try_number,
        ti_id=world.ti.id,
    )
    run_id = run_id_of(caller.key)
    world.functions.answers[0] = {**ANSWER, "run_id": run_id}
    launched = Launched(
        run_id=run_id,
        backend="ecs",
        region="eu-central-1",
        backend_id=arn,
        launched_at=1e6 + 0.7,
    )
    world.last = 1.0
    world.happens = {1.0: lambda: world.table.launched.update({run_id: encode(launched)})}
    world.execute(wait_for_completion=False)
    assert world.seconds == 1.0
    assert world.ti.xcoms["ecs_task_arn"] == arn
    assert world.ti.xcoms["run_seconds"] == 0.7


@given(
    st.one_of(st.none(), st.booleans(), st.text(), st.floats(), st.integers(), st.lists(st.none())),
    st.one_of(st.none(), st.timedeltas(min_value=timedelta(seconds=1))),
)
def test_it_is_expected_soon_only_after_a_short_run_and_within_the_tasks_time(
    last: Any, limit: Any
) -> None:
    ti = SimpleNamespace(map_index=-1, xcom_pull=lambda **keywords: last)
    seconds = short.expected_within(ti, limit)
    is_short = isinstance(last, int | float) and not isinstance(last, bool) and last < 10
    in_time = limit is None or limit.total_seconds() > 10
    assert seconds == (10 if is_short and in_time else None)
