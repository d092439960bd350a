"""What is read of Airflow's database, in the form in which Airflow writes it."""

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from benchmarks.mapped.database import Database
from jetbridge_local.airflow import PostgresServer
from jetbridge_local.airflow.components import Components
from jetbridge_local.processes import ProcessTable

# The columns that are read, with the types that Airflow gives them (airflow/models).
SCHEMA = """
CREATE TABLE task_instance (id uuid, dag_id text, run_id text, task_id text, map_index integer,
    state text, try_number integer, start_date timestamptz, end_date timestamptz,
    trigger_id integer);
CREATE TABLE task_instance_history (dag_id text, run_id text, task_id text, map_index integer);
CREATE TABLE log (event text);
CREATE TABLE job (id integer, job_type text, latest_heartbeat timestamptz);
CREATE TABLE trigger (id integer, triggerer_id integer);
INSERT INTO task_instance VALUES
    ('0195502b-9d80-7000-8000-000000000000', 'mapped', 'run', 'job', 0, 'success', 1,
     '1970-01-01 00:01:40.500000Z', '1970-01-01 00:02:00.000000Z', NULL),
    ('0195502b-9d80-7000-8000-000000000001', 'mapped', 'run', 'job', 1, 'deferred', 2,
     '1970-01-01 00:01:40.500000Z', NULL, 7),
    ('0195502b-9d80-7000-8000-000000000002', 'mapped', 'run', 'job', 2, NULL, 0, NULL, NULL, NULL),
    ('0195502b-9d80-7000-8000-000000000003', 'other', 'run', 'job', -1, 'deferred', 1, NULL, NULL,
     8);
INSERT INTO task_instance_history VALUES ('mapped', 'run', 'job', 1), ('other', 'run', 'job', 0);
INSERT INTO log VALUES ('running'), ('state mismatch');
INSERT INTO job VALUES (3, 'TriggererJob', '1970-01-01 00:01:40.500000Z'),
    (4, 'TriggererJob', NULL), (5, 'SchedulerJob', '1970-01-01 00:01:40.500000Z');
INSERT INTO trigger VALUES (7, 3), (8, NULL);
"""


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    home: Path = tmp_path_factory.mktemp("airflow")
    components = Components(
        home / "logs", ProcessTable(home / "processes"), {"PATH": os.environ["PATH"]}
    )
    server = PostgresServer()

    def migrate() -> None:
        with psycopg.connect(server.url) as connection:
            connection.execute(SCHEMA)

    server.provide(components, home, migrate, None)
    yield Database(server.url)
    components.stop()


def test_task_instances_with_their_tries(database: Database) -> None:
    assert database.states("mapped") == {"success": 1, "deferred": 1, "none": 1}
    first, second, third = sorted(database.instances("mapped"), key=lambda each: each.map_index)
    assert first.ti_id == "0195502b9d8070008000000000000000"
    assert (first.state, first.try_number) == ("success", 1)
    assert (first.earlier_tries, first.start, first.end) == (0, 100.5, 120.0)
    assert (second.try_number, second.earlier_tries, second.end) == (2, 1, None)
    assert (third.map_index, third.state) == (2, None)


def test_triggerers_and_whom_they_have(database: Database) -> None:
    assert database.heartbeats() == {3: 100.5}
    assert database.waiting_with() == [("0195502b-9d80-7000-8000-000000000001", 3)]


def test_tasks_that_the_scheduler_failed(database: Database) -> None:
    assert database.mismatches() == 1
