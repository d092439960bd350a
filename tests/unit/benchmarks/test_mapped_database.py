"""What is read of Airflow's database, in the form in which Airflow writes it."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from benchmarks.mapped.database import Database

SCHEMA = """
CREATE TABLE task_instance (id, dag_id, run_id, task_id, map_index, state, try_number,
    start_date, end_date, trigger_id);
CREATE TABLE task_instance_history (dag_id, run_id, task_id, map_index);
CREATE TABLE log (event);
CREATE TABLE job (id, job_type, latest_heartbeat);
CREATE TABLE trigger (id, triggerer_id);
INSERT INTO task_instance VALUES
    ('0195502b9d80', 'mapped', 'run', 'job', 0, 'success', 1,
     '1970-01-01 00:01:40.500000', '1970-01-01 00:02:00.000000', NULL),
    ('0195502b9d81', 'mapped', 'run', 'job', 1, 'deferred', 2,
     '1970-01-01 00:01:40.500000', NULL, 7),
    ('0195502b9d82', 'mapped', 'run', 'job', 2, NULL, 0, NULL, NULL, NULL),
    ('0195502b9d83', 'other', 'run', 'job', -1, 'deferred', 1, NULL, NULL, 8);
INSERT INTO task_instance_history VALUES ('mapped', 'run', 'job', 1), ('other', 'run', 'job', 0);
INSERT INTO log VALUES ('running'), ('state mismatch');
INSERT INTO job VALUES (3, 'TriggererJob', '1970-01-01 00:01:40.500000'), (4, 'TriggererJob', NULL),
    (5, 'SchedulerJob', '1970-01-01 00:01:40.500000');
INSERT INTO trigger VALUES (7, 3), (8, NULL);
"""


@pytest.fixture
def database(tmp_path: Path) -> Database:
    with closing(sqlite3.connect(tmp_path / "airflow.db")) as made:
        made.executescript(SCHEMA)
    return Database(tmp_path)


def test_task_instances_with_their_tries(database: Database) -> None:
    assert database.states("mapped") == {"success": 1, "deferred": 1, "none": 1}
    first, second, third = database.instances("mapped")
    assert (first.ti_id, first.state, first.try_number) == ("0195502b9d80", "success", 1)
    assert (first.earlier_tries, first.start, first.end) == (0, 100.5, 120.0)
    assert (second.try_number, second.earlier_tries, second.end) == (2, 1, None)
    assert (third.map_index, third.state) == (2, None)


def test_triggerers_and_whom_they_have(database: Database) -> None:
    assert database.heartbeats() == {3: 100.5}
    assert database.waiting_with() == [("0195502b9d81", 3)]


def test_tasks_that_the_scheduler_failed(database: Database) -> None:
    assert database.mismatches() == 1
