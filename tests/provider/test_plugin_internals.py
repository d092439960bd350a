"""The parts of Airflow that the plugin takes for granted are there, and mean what they did."""

import inspect
import subprocess
import sys
from datetime import UTC, datetime
from importlib import metadata
from typing import Any
from uuid import UUID

import airflow
import pytest
from airflow.models.taskinstance import TaskInstance
from airflow.models.trigger import Trigger
from sqlalchemy.dialects import postgresql

from airflow_provider_jetbridge.plugins import fence, internals
from airflow_provider_jetbridge.plugins.jetbridge import JetbridgePlugin
from airflow_provider_jetbridge.triggers.run import JetbridgeRunTrigger


def test_this_version_of_airflow_is_one_that_the_plugin_was_tested_with() -> None:
    minor = ".".join(airflow.__version__.split(".")[:2])
    assert minor in internals.TESTED_WITH, (
        f"Airflow {airflow.__version__} is new: run tests/provider and "
        "tests/integration/airflow with it (AIRFLOW_PYTHON), then add it to TESTED_WITH"
    )
    needed = metadata.requires("airflow-provider-jetbridge") or []
    (airflows,) = [
        each for each in needed if each.startswith(("apache-airflow<", "apache-airflow>"))
    ]
    newest = internals.TESTED_WITH[-1].split(".")
    assert f"<{newest[0]}.{int(newest[1]) + 1}" in airflows
    assert f">={internals.TESTED_WITH[0]}" in airflows


def test_a_stored_trigger_gives_its_run_back() -> None:
    trigger = JetbridgeRunTrigger(
        run_id="01k8run",
        outcomes_table="o",
        region_name=None,
        deferred_at=0.0,
        attached_try=["ti", 2],
    )
    stored = Trigger.from_object(trigger)
    assert stored.classpath == fence.TRIGGER
    assert stored.kwargs["run_id"] == "01k8run"
    assert stored.kwargs["attached_try"] == ["ti", 2]
    assert abs((datetime.now(UTC) - stored.created_date).total_seconds()) < 60


def test_the_columns_are_there() -> None:
    columns = set(TaskInstance.__table__.columns.keys())
    assert columns >= {
        "id",
        "try_number",
        "dag_id",
        "run_id",
        "task_id",
        "map_index",
        "state",
        "trigger_id",
        "next_method",
        "next_kwargs",
        "updated_at",
    }


def test_the_row_alone_is_locked() -> None:
    statement = internals.statement(UUID("0199d6a0-7a3e-7c62-9a0e-0d1f6c3d2b11"))
    dialect: Any = postgresql.dialect
    sql = str(statement.compile(dialect=dialect()))
    assert sql.endswith("FOR UPDATE OF task_instance")


def test_an_event_is_submitted_for_a_trigger_in_the_callers_session() -> None:
    parameters = inspect.signature(Trigger.submit_event).parameters
    assert list(parameters) == ["trigger_id", "event", "session"]


def test_the_mark_of_a_resumption_that_fails_is_airflows() -> None:
    from airflow.models import trigger

    marks = {getattr(trigger, "TRIGGER_FAIL_REPR", None)}
    if marks == {None}:
        from airflow.models import taskinstance

        marks = {getattr(taskinstance, "TRIGGER_FAIL_REPR", None)}
    assert {getattr(mark, "value", mark) for mark in marks} == {fence.FAILS_WHEN_RESUMED}


def test_every_state_of_airflow_was_thought_of() -> None:
    from airflow.utils.state import TaskInstanceState

    known = fence.ENDED | {"deferred", "restarting", "awaiting_input"}
    assert {state.value for state in TaskInstanceState} - known == {
        "scheduled",
        "queued",
        "running",
        "up_for_reschedule",
    }


def test_the_distribution_names_the_plugin() -> None:
    (entry_point,) = [
        entry_point
        for entry_point in metadata.entry_points(group="airflow.plugins")
        if entry_point.module.startswith("airflow_provider_jetbridge")
    ]
    assert entry_point.load() is JetbridgePlugin
    panel, push = JetbridgePlugin.fastapi_apps
    assert (panel["url_prefix"], push["url_prefix"]) == ("/jetbridge/panel", "/jetbridge")
    (view,) = JetbridgePlugin.external_views
    assert view["href"].startswith(f"{panel['url_prefix'].removeprefix('/')}/task-instance?")


def test_loading_the_plugin_loads_nothing_of_the_api_server() -> None:
    code = (
        "import sys, airflow.plugins_manager; before = set(sys.modules);"
        "import airflow_provider_jetbridge.plugins.jetbridge;"
        "print(*(set(sys.modules) - before))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = ran.stdout.splitlines()[-1].split()
    assert loaded
    assert all(name.startswith("airflow_provider_jetbridge") for name in loaded), loaded


@pytest.mark.parametrize(
    ("mounted", "module", "path"),
    [
        (0, "airflow_provider_jetbridge.panel.app", "/task-instance"),
        (1, "airflow_provider_jetbridge.plugins.endpoint", "/v1/task-instances/x/outcome"),
        (1, "airflow_provider_jetbridge.plugins.endpoint", "/"),
    ],
)
def test_an_airflow_that_lacks_a_part_keeps_its_api_server(
    mounted: int, module: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from starlette.testclient import TestClient

    app = JetbridgePlugin.fastapi_apps[mounted]["app"]
    monkeypatch.setattr(app, "_app", None)
    monkeypatch.setitem(sys.modules, module, None)
    answer = TestClient(app).post(path)
    assert answer.status_code == 404
    assert "doesn't work with this version of Airflow" in answer.json()["detail"]
