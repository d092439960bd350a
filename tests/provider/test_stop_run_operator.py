"""``StopRunOperator``: stops the given runs, ignores unknown ones, and returns the result."""

from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowException, AirflowFailException
from fake_aws import FakeLambda, client_error

from airflow_provider_jetbridge.exceptions import StartFailed
from airflow_provider_jetbridge.operators.stop import StopRunOperator


def answer(stopping: Any = (), already_ended: Any = (), unknown: Any = ()) -> dict[str, Any]:
    return {
        "stopping": list(stopping),
        "already_ended": list(already_ended),
        "unknown": list(unknown),
    }


def test_it_asks_for_the_end_of_each_run_once(functions: FakeLambda, ti: Any) -> None:
    functions.answers.append(answer(["a"], ["b"]))
    task = StopRunOperator(task_id="stop", run_ids=["a", "b", "a"], reason="of {{ word }}")
    context: Any = {"word": "test"}
    task.render_template_fields(context)
    assert task.execute({"ti": ti}) == answer(["a"], ["b"])
    ((function, request),) = functions.invocations
    assert function == "jetbridge-stop-run"
    assert (request["run_ids"], request["reason"]) == (["a", "b"], "of test")
    # Whoever waits for it: a person who stops a run by this operator means the run.
    assert request["callers"] == {}


@pytest.mark.parametrize("nothing", [[], "", "None", [None, ""], ["None"]])
def test_without_a_run_nobody_is_asked(functions: FakeLambda, ti: Any, nothing: Any) -> None:
    task = StopRunOperator(task_id="stop", run_ids=nothing)
    assert task.execute({"ti": ti}) == answer()
    assert functions.invocations == []


def test_more_than_a_hundred_are_asked_for_in_parts(functions: FakeLambda, ti: Any) -> None:
    runs = [f"run-{number}" for number in range(250)]
    functions.answers.extend(answer(runs[at : at + 100]) for at in (0, 100, 200))
    task = StopRunOperator(task_id="stop", run_ids=runs)
    assert task.execute({"ti": ti})["stopping"] == runs
    assert [len(request["run_ids"]) for _, request in functions.invocations] == [100, 100, 50]


@pytest.mark.parametrize("ignore", [True, False])
def test_an_unknown_run_is_an_error_unless_ignored(
    functions: FakeLambda, ti: Any, ignore: bool
) -> None:
    functions.answers.append(answer(["a"], unknown=["x"]))
    task = StopRunOperator(task_id="stop", run_ids=["a", "x"], ignore_unknown=ignore)
    if ignore:
        assert task.execute({"ti": ti})["unknown"] == ["x"]
    else:
        with pytest.raises(AirflowException, match="run_ids: stack jetbridge doesn't know x"):
            task.execute({"ti": ti})


def test_an_outage_is_for_the_next_try_and_a_missing_stack_is_not(
    functions: FakeLambda, ti: Any
) -> None:
    task = StopRunOperator(task_id="stop", run_ids="a")
    functions.answers.append(client_error("ServiceException", "Invoke"))
    with pytest.raises(StartFailed):
        task.execute({"ti": ti})
    functions.answers.extend([client_error("ResourceNotFoundException", "Invoke")] * 2)
    with pytest.raises(AirflowFailException, match="there is no function jetbridge-stop-run"):
        task.execute({"ti": ti})


def test_runs_that_could_not_be_stopped_fail_the_task(functions: FakeLambda, ti: Any) -> None:
    answer = {"stopping": ["b"], "already_ended": [], "unknown": []}
    functions.answers.append(answer | {"refused": {"a": "AccessDeniedException: no"}})
    with pytest.raises(AirflowException, match="a: AccessDeniedException: no"):
        StopRunOperator(task_id="stop", run_ids=["a", "b"]).execute({"ti": ti})


def test_one_task_of_many_runs_can_be_mapped() -> None:
    mapped = StopRunOperator.partial(task_id="stop").expand(run_ids=["a", "b"])
    assert mapped.operator_class is StopRunOperator
