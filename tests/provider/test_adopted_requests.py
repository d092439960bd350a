"""An adopted task asks for the same job as the amazon provider's operator, seen at botocore."""

import copy
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import botocore.client
import pytest
from fake_aws import ANSWER, FakeLambda

from airflow_provider_jetbridge.adopt import policy, tasks
from airflow_provider_jetbridge.adopt.check import _dag_bag
from airflow_provider_jetbridge.adopt.classes import is_mapped, stock_of
from airflow_provider_jetbridge.adopt.tasks import class_of
from airflow_provider_jetbridge.operators.run import JetbridgeRunOperator

KINDS = Path(__file__).parent / "adopted_kinds"
STRANGERS = Path(__file__).parents[1] / "integration/airflow/strangers"
COMPARED = {KINDS: 28, STRANGERS: 32}
"""The folders of DAGs, and how many requests of each are compared."""

XCOMS: dict[str, Any] = {
    "build": {"containerOverrides": []},
    "names": ["x", "y"],
    "job": "job-id",
    "plan": {"cluster": "planned", "command": ["a", "b"]},
    "shards": [{"cpu": "1"}, {"cpu": "2"}],
}
NOTHING = {("own_operators", "dry"), ("own_operators", "stays")}
"""Tasks that start nothing or can't be adopted."""
# Jetbridge's own, or different in each call: docs/how-to/migration.md, "What AWS sees
# differently". Empty tags of a job aren't sent.
OTHERWISE = ("startedBy", "clientToken")


class Sent(Exception):
    """The stock operator has called AWS."""


class Pulling(SimpleNamespace):
    """A task instance, as far as templates and operators use it."""

    def xcom_pull(
        self, task_ids: Any = None, key: str = "return_value", map_indexes: Any = None, **_: Any
    ) -> Any:
        if key == "run_seconds":
            return None
        (one,) = [task_ids] if isinstance(task_ids, str) else task_ids
        found = XCOMS[one]
        if key != "return_value":
            return found[key]
        return found[map_indexes] if isinstance(map_indexes, int) else found

    def xcom_push(self, key: Any, value: Any) -> None:
        pass

    def get_relevant_upstream_map_indexes(self, **_: Any) -> Any:
        return None


def parsed(monkeypatch: pytest.MonkeyPatch, folder: Path, adopt: str) -> dict[str, Any]:
    monkeypatch.setenv("AIRFLOW__JETBRIDGE__ADOPT", adopt)
    tasks._choice.cache_clear()
    bag = _dag_bag()(dag_folder=str(folder))
    assert bag.import_errors == {}
    for dag in bag.dags.values():
        for each in dag.tasks:
            policy.task_policy(each)
    dags: dict[str, Any] = bag.dags
    return dags


@pytest.fixture(params=[KINDS, pytest.param(STRANGERS, marks=pytest.mark.nightly)])
def folder(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Path:
    made: Path = request.param
    monkeypatch.syspath_prepend(str(made))
    return made


@pytest.fixture
def both(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Any, Any]]:
    yield parsed(monkeypatch, folder, ""), parsed(monkeypatch, folder, "*")
    tasks._choice.cache_clear()


def rendered(dag: Any, task: Any, map_index: Any) -> Any:
    """The task with its templates rendered, and its context."""
    ti = Pulling(
        id="0199d6a0-7a3e-7c62-9a0e-0d1f6c3d2b11",
        dag_id=dag.dag_id,
        run_id="manual__2026-01-02",
        task_id=task.task_id,
        map_index=map_index,
        try_number=2,
        max_tries=3,
        stats_tags={},
        source_run_id="manual__2026-01-01",
        _upstream_map_indexes={},
    )
    context = {
        "ti": ti,
        "task_instance": ti,
        "dag": dag,
        "dag_run": SimpleNamespace(run_id=ti.run_id, dag_id=dag.dag_id, conf={}),
        "ds": "2026-01-02",
        "ds_nodash": "20260102",
        "data_interval_start": "2026-01-01",
        "var": SimpleNamespace(value={}),
        "triggering_asset_events": {"raw": [ti]},
        "run_id": ti.run_id,
        "params": {name: dag.params[name] for name in dag.params},
        "macros": import_module("airflow.sdk.execution_time.macros"),
        "expanded_ti_count": None,
    }
    ti.get_template_context = lambda: context
    ti.task = context["task"] = task if is_mapped(task) else copy.copy(task)
    ti.task.render_template_fields(context)
    return ti.task, context


def run(task: Any, context: Any) -> None:
    task.pre_execute(context)
    with pytest.raises(BaseException):  # noqa: B017, PT011 TaskDeferred, Sent or what wraps it
        task.execute(context)


def calls_of_stock(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    calls: list[Any] = []

    def call(self: Any, operation: Any, parameters: Any) -> dict[str, Any]:
        if operation == "ListTasks":
            return {"taskArns": []}
        calls.append((operation, parameters))
        raise Sent

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", call)
    return calls


def test_each_kind_asks_for_the_same_job(
    folder: Path,
    both: tuple[Any, Any],
    functions: FakeLambda,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    stock, adopted = both
    calls = calls_of_stock(monkeypatch)
    compared = 0
    for dag_id, dag in stock.items():
        for task in dag.tasks:
            if stock_of(class_of(task)) is None:
                continue
            if (dag_id, task.task_id) in NOTHING:
                continue
            ours = adopted[dag_id].get_task(task.task_id)
            assert issubclass(class_of(ours), JetbridgeRunOperator), task.task_id
            several = is_mapped(task) or task.task_id.startswith(("group.", "each."))
            for map_index in (0, 1) if several else (-1,):
                calls.clear()
                run(*rendered(dag, task, map_index))
                ((operation, parameters),) = calls
                functions.answers.append(ANSWER)
                functions.invocations.clear()
                run(*rendered(adopted[dag_id], ours, map_index))
                request = functions.invocations[0][1]
                field = {"RunTask": "run_task", "SubmitJob": "submit_job"}[operation]
                expected = {
                    name: value
                    for name, value in parameters.items()
                    if name not in OTHERWISE and (name, value) != ("tags", {})
                }
                assert request[field] == expected, (dag_id, task.task_id, map_index)
                compared += 1
    assert compared == COMPARED[folder]
