"""What the panel and the push endpoint read from Airflow's tables, and change there.

The tables are those of the installed Airflow, in SQLite. A real Airflow with PostgreSQL is in
tests/integration/airflow.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from airflow.models.dagrun import DagRun
from airflow.models.renderedtifields import RenderedTaskInstanceFields
from airflow.models.taskinstance import TaskInstance, uuid7
from airflow.models.taskinstancehistory import TaskInstanceHistory
from airflow.models.trigger import Trigger
from airflow.models.xcom import XComModel
from sqlalchemy import create_engine, event, insert
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from airflow_provider_jetbridge.panel import tries
from airflow_provider_jetbridge.panel.tries import Key, known
from airflow_provider_jetbridge.plugins import internals
from airflow_provider_jetbridge.triggers.run import JetbridgeRunTrigger

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
IDS = [f"0199d6a0-7a3e-7c62-9a0e-0d1f6c3d2b1{n}" for n in range(3)]
KEY = Key(dag_id="dag", run_id="manual__1", task_id="job")
NAMED = {"dag_id": "dag", "run_id": "manual__1", "task_id": "job", "map_index": -1}
MODELS: tuple[Any, ...] = (
    DagRun,
    TaskInstance,
    TaskInstanceHistory,
    RenderedTaskInstanceFields,
    Trigger,
    XComModel,
)


class Database:
    """Airflow's tables of task instances, triggers and XComs, without the tables they refer to."""

    def __init__(self) -> None:
        self.engine = create_engine("sqlite://", poolclass=StaticPool)
        for model in MODELS:
            model.__table__.create(self.engine)
        times = {"run_after": BEGAN, "data_interval_start": BEGAN, "data_interval_end": BEGAN}
        run = {"id": 1, "dag_id": "dag", "run_id": "manual__1", "log_template_id": 1}
        self.add(DagRun, **run, **times, logical_date=BEGAN)
        self.statements: list[str] = []
        event.listen(self.engine, "before_cursor_execute", self._note)

    def add(self, model: Any, **values: Any) -> None:
        """Insert a row. Columns that must have a value, and get none here, have any."""
        table = model.__table__
        filled = {
            column.name: _any_of(column)
            for column in table.columns
            if not (column.nullable or column.default or column.server_default)
            and column.name not in {"id", *values}
        }
        with self.engine.begin() as connection:
            connection.execute(insert(table).values(filled | values))

    @contextmanager
    def session(self, scoped: bool = True) -> Iterator[Session]:
        with Session(self.engine) as session:
            yield session
            session.commit()

    def _note(self, connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        self.statements.append(statement)


def _any_of(column: Any) -> Any:
    kind = column.type.python_type
    return BEGAN if kind is datetime else kind()


def id_of(text: str) -> Any:
    """A task instance's id as this version of Airflow stores it."""
    return type(uuid7())(text)


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> Database:
    database = Database()
    monkeypatch.setattr(tries, "create_session", database.session)
    monkeypatch.setattr(internals, "create_session", database.session)
    return database


def add_task(database: Database, **values: Any) -> None:
    task = {"id": id_of(IDS[1]), "try_number": 2, "state": "deferred", "start_date": BEGAN}
    database.add(TaskInstance, **{**NAMED, **task, **values})


def add_trigger(database: Database, trigger_id: int, classpath: str = "") -> None:
    made = JetbridgeRunTrigger(
        run_id="01k8run", outcomes_table="o", region_name=None, deferred_at=12.5, held=False
    )
    stored = Trigger.from_object(made)
    database.add(
        Trigger,
        id=trigger_id,
        classpath=classpath or stored.classpath,
        kwargs=stored.encrypted_kwargs,
        created_date=datetime.now(UTC) - timedelta(seconds=60),
    )


class TestPanel:
    def test_a_task_instance_that_does_not_exist(self, database: Database) -> None:
        add_task(database, task_id="other")
        add_task(database, id=id_of(IDS[0]), map_index=3)
        assert known(KEY) is None

    def test_tries_are_those_that_ended_and_the_newest(self, database: Database) -> None:
        add_task(database, try_number=3, id=id_of(IDS[2]))
        for number in (1, 0):
            past = {"task_instance_id": id_of(IDS[number]), "try_number": number + 1}
            times = {"start_date": BEGAN, "end_date": BEGAN + timedelta(seconds=5)}
            database.add(TaskInstanceHistory, **{**NAMED, **past, **times, "state": "failed"})
        found = known(KEY)
        assert found is not None
        assert [(each.try_number, each.ti_id, each.state) for each in found.tries] == [
            (1, IDS[0], "failed"),
            (2, IDS[1], "failed"),
            (3, IDS[2], "deferred"),
        ]
        assert [each.ended_at for each in found.tries] == [BEGAN.timestamp() + 5] * 2 + [None]
        assert found.tries[0].started_at == BEGAN.timestamp()

    def test_before_the_first_try_there_is_none(self, database: Database) -> None:
        add_task(database, try_number=0, state=None, start_date=None)
        found = known(KEY)
        assert found is not None
        assert found.tries == ()
        assert not found.runs_through_jetbridge
        assert found.of(None) is None

    def test_a_task_is_known_by_its_rendered_fields(self, database: Database) -> None:
        add_task(database)
        fields = {"jetbridge_stack": None, "cluster": "reports"}
        database.add(RenderedTaskInstanceFields, **NAMED, rendered_fields=fields)
        found = known(KEY)
        assert found is not None
        assert found.fields == fields
        assert found.runs_through_jetbridge

    @pytest.mark.parametrize("ours", [True, False])
    def test_a_task_is_known_by_the_trigger_that_it_waits_for(
        self, database: Database, ours: bool
    ) -> None:
        add_trigger(database, 7, "" if ours else "airflow.triggers.temporal.DateTimeTrigger")
        add_task(database, trigger_id=7)
        found = known(KEY)
        assert found is not None
        assert found.waits_with.get("run_id") == ("01k8run" if ours else None)
        assert found.runs_through_jetbridge is ours

    def test_links_are_the_stored_texts(self, database: Database) -> None:
        add_task(database)
        ecs_task, batch_job, *_ = (link().xcom_key for link in tries.LINKS)
        stored: dict[str, Any] = {
            "return_value": "https://x",
            ecs_task: "https://console.aws.amazon.com/ecs",
            batch_job: {"not": "a text"},
        }
        for key, value in stored.items():
            database.add(XComModel, **NAMED, key=key, value=json.dumps(value), dag_run_id=1)
        found = known(KEY)
        assert found is not None
        assert found.links == {tries.LINKS[0].name: "https://console.aws.amazon.com/ecs"}


class TestPush:
    def test_a_task_that_waits(self, database: Database) -> None:
        add_trigger(database, 7)
        add_task(database, trigger_id=7, next_method="execute_complete")
        with internals.locked_task(UUID(IDS[1])) as task:
            assert task is not None
            found = task.read()
        assert (found.ti_id, found.try_number, found.state) == (IDS[1], 2, "deferred")
        assert (found.dag_id, found.run_id, found.task_id, found.map_index) == (
            "dag",
            "manual__1",
            "job",
            -1,
        )
        assert found.resumed_with is None
        assert found.waiting is not None
        assert (found.waiting.run_id, found.waiting.held) == ("01k8run", False)
        assert (found.waiting.waits_since, found.waiting.attached_try) == (12.5, None)
        assert 60 <= found.waiting.seconds < 120

    def test_sqlite_is_locked_by_a_write_before_the_row_is_read(self, database: Database) -> None:
        add_task(database)
        database.statements.clear()
        with internals.locked_task(UUID(IDS[1])):
            pass
        assert [text.split()[0] for text in database.statements] == ["UPDATE", "SELECT"]

    def test_a_task_that_waits_for_another_trigger(self, database: Database) -> None:
        add_trigger(database, 7, "airflow.triggers.temporal.DateTimeTrigger")
        add_task(database, trigger_id=7)
        with internals.locked_task(UUID(IDS[1])) as task:
            assert task is not None
            waiting = task.read().waiting
        assert waiting is not None
        assert waiting.trigger == "airflow.triggers.temporal.DateTimeTrigger"
        assert waiting.run_id is None

    @pytest.mark.parametrize("trigger_id", [None, 8])
    def test_a_task_without_a_trigger(self, database: Database, trigger_id: int | None) -> None:
        add_trigger(database, 7)
        add_task(database, trigger_id=trigger_id)
        with internals.locked_task(UUID(IDS[1])) as task:
            assert task is not None
            assert task.read().waiting is None

    def test_a_task_that_is_not_there(self, database: Database) -> None:
        add_task(database)
        with internals.locked_task(UUID(IDS[0])) as task:
            assert task is None
