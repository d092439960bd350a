"""``wait_for_completion=False``: the task ends when AWS has the job, with its id in XCom."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowTaskTimeout, TaskDeferred
from fake_aws import FakeLambda

from airflow_provider_jetbridge import aws
from airflow_provider_jetbridge.exceptions import ForeignOutcome, RunFailed, RunStopped
from airflow_provider_jetbridge.operators.batch import BatchOperator
from airflow_provider_jetbridge.operators.ecs import EcsRunTaskOperator
from airflow_provider_jetbridge.task_instance import caller_of
from jetbridge.contract import Cause, Fault, Launched, State, run_id_of, to_builtins

ARN = "arn:aws:ecs:eu-central-1:123456789012:task/c/0f1e"


def ecs(**keywords: Any) -> EcsRunTaskOperator:
    mine = {"task_definition": "t", "cluster": "c", "overrides": {}, "wait_for_completion": False}
    return EcsRunTaskOperator(task_id="job", **{**mine, **keywords})


def batch(**keywords: Any) -> BatchOperator:
    mine = {"job_name": "n", "job_definition": "d", "job_queue": "q", "wait_for_completion": False}
    return BatchOperator(task_id="job", **{**mine, **keywords})


@pytest.fixture
def functions(monkeypatch: pytest.MonkeyPatch, ti: Any) -> FakeLambda:
    fake = FakeLambda()
    monkeypatch.setattr(aws, "client", lambda access, service, **defaults: fake)
    fake.answers.append(
        {
            "run_id": run_id_of(caller_of(ti).key),
            "duplicate": False,
            "outcomes_table": "outcomes",
            "stop_function": "jetbridge-stop-run",
            "region": "eu-west-1",
        }
    )
    return fake


def launched_event(ti: Any, backend_id: Any = ARN, **changes: Any) -> dict[str, Any]:
    fields = {"run_id": run_id_of(caller_of(ti).key), "backend": "ecs", "region": "eu-central-1"}
    record = Launched(backend_id=backend_id, launched_at=1.0, **{**fields, **changes})
    return {"run_id": record.run_id, "launched": to_builtins(record)}


@pytest.mark.parametrize(
    ("keywords", "until"),
    [
        ({}, "launched"),
        ({"wait_for_completion": "{{ false }}"}, "launched"),
        ({"wait_for_completion": True}, "finished"),
        ({"deferrable": True}, "finished"),
    ],
)
def test_what_the_task_waits_for(
    functions: FakeLambda, ti: Any, keywords: dict[str, Any], until: str
) -> None:
    task = ecs(finish="push", execution_timeout=timedelta(hours=1), **keywords)
    task.render_template_fields({})
    with pytest.raises(TaskDeferred) as deferred:
        task.execute({"ti": ti})
    assert deferred.value.trigger.until == until
    ((_, request),) = functions.invocations
    if until == "launched":
        assert deferred.value.method_name == "execute_launched"
        assert deferred.value.timeout == timedelta(hours=1)
        # Its end is nobody's business, and its time is not the task's.
        assert (request["finish"], request["timeout_seconds"]) == ("feed", None)
    else:
        assert deferred.value.method_name == "execute_complete"
        assert deferred.value.timeout == timedelta(hours=1, minutes=10)
        assert (request["finish"], request["timeout_seconds"]) == ("push", 3600)


def test_default_deferrable_waits_as_the_stock_operator_does(
    functions: FakeLambda, ti: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ecs(deferrable=False)._waits is False
    assert ecs(deferrable="True")._waits is True


def test_ecs_has_the_arn_in_xcom_and_returns_nothing(ti: Any) -> None:
    assert ecs().execute_launched({"ti": ti}, launched_event(ti)) is None
    assert ti.xcoms == {"ecs_task_arn": ARN}


def test_batch_returns_the_job_id(ti: Any) -> None:
    event = launched_event(ti, backend_id="8f2c", backend="batch")
    assert batch().execute_launched({"ti": ti}, event) == "8f2c"
    assert ti.xcoms == {"batch_job_id": "8f2c"}


def test_nothing_is_pushed_where_xcom_is_off(ti: Any) -> None:
    ecs(do_xcom_push=False).execute_launched({"ti": ti}, launched_event(ti))
    assert ti.xcoms == {}


@pytest.mark.parametrize("state", list(State))
def test_how_a_job_ended_that_was_launched_is_not_judged(
    ti: Any, make_event: Callable[..., dict[str, Any]], state: Any
) -> None:
    assert ecs().execute_launched({"ti": ti}, make_event(state=state)) is None
    assert ti.xcoms == {"ecs_task_arn": ARN}


@pytest.mark.parametrize(
    ("state", "cause", "raised"),
    [
        (State.FAILED, Cause.MISCONFIGURATION, RunFailed),
        (State.STOPPED, Cause.STOPPED_BY_USER, RunStopped),
        (State.STOPPED, Cause.TIMEOUT, AirflowTaskTimeout),
    ],
)
def test_a_job_that_was_never_launched_fails_the_task(
    ti: Any, make_event: Callable[..., dict[str, Any]], state: State, cause: Cause, raised: Any
) -> None:
    event = make_event(
        state=state, cause=cause, fault=Fault.CONFIGURATION, backend_id=None, reason="No such"
    )
    with pytest.raises(raised, match="AWS says: No such"):
        ecs().execute_launched({"ti": ti}, event)
    assert ti.xcoms == {}


def test_an_earlier_tries_launch_is_not_this_tries(functions: FakeLambda, ti: Any) -> None:
    event = launched_event(ti, run_id="of-an-earlier-try")
    with pytest.raises(TaskDeferred):
        ecs().execute_launched({"ti": ti}, event)
    assert len(functions.invocations) == 1


def test_the_run_that_this_try_goes_on_with_is(ti: Any) -> None:
    event = launched_event(ti, run_id="of-an-earlier-try") | {"attached_try": [ti.id, 2]}
    assert ecs().execute_launched({"ti": ti}, event) is None
    assert ti.xcoms == {"ecs_task_arn": ARN}


@pytest.mark.parametrize("event", [None, {}, {"launched": {"run_id": 7}}])
def test_an_event_without_a_launch_is_refused(ti: Any, event: dict[str, Any] | None) -> None:
    with pytest.raises(ForeignOutcome):
        ecs().execute_launched({"ti": ti}, event)
