"""The provider on CeleryExecutor with PostgreSQL: how runs end, a kill, and early resumes.

From Airflow 3.2.2 on they aren't held there, because the scheduler can't fail them.

S3 and DynamoDB are the local cloud's; Jetbridge's functions are a stand-in whose runs have ended
before their tasks are deferred, but for one that waits.
"""

import json
import time
from types import SimpleNamespace

import pytest
from stand_in import LOG_BUCKET, REGION, TABLE, StandIn
from waiting_airflow import DagRunOf, until

from jetbridge_local.airflow import (
    UNHURRIED,
    CeleryExecutor,
    LocalAirflow,
    aws_connection,
    connection_variable,
)
from jetbridge_local.cloud import LocalCloud

# A whole Airflow more. In a push, tests/provider/test_executor.py has when Celery's tasks aren't
# held, and LocalExecutor's Airflows have how runs end and are killed.
pytestmark = pytest.mark.nightly

TASKS = 8
MISMATCH = "state mismatch"
TIMES = 17


@pytest.fixture(scope="module")
def stand_in(tmp_path_factory, local_python):
    runtime = local_python.parents[2] / "runtime/bin/python"
    state = tmp_path_factory.mktemp("cloud")
    with LocalCloud(state, python=local_python, runtime_python=runtime) as cloud:
        dynamodb, s3 = cloud.client("dynamodb"), cloud.client("s3")
        s3.create_bucket(Bucket=LOG_BUCKET)
        dynamodb.create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": "run_id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "run_id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        with StandIn(dynamodb, s3) as stand_in:
            connection = aws_connection(
                cloud.url, REGION, key_id="test", endpoints={"lambda": stand_in.url}
            )
            yield SimpleNamespace(runs=stand_in, connection=connection)


@pytest.fixture(scope="module")
def world(tmp_path_factory, dags_of, celery_python, redis, database_templates, stand_in):
    with (
        LocalAirflow(
            tmp_path_factory.mktemp("home") / "airflow",
            dags_of("raced", "waits", "ways_to_end"),
            celery_python,
            environment=UNHURRIED
            | connection_variable("aws_default", stand_in.connection)
            | connection_variable("aws_killed", stand_in.connection),
            remote_log=f"s3://{LOG_BUCKET}/airflow/logs",
            templates=database_templates,
            executor=CeleryExecutor(redis),
        ) as airflow,
        airflow.client() as client,
    ):
        extra = json.dumps(stand_in.connection["extra"])
        client.add_connection("aws_stored", **{**stand_in.connection, "extra": extra})
        started = {dag: DagRunOf(client, dag) for dag in ("raced", "run_deleted")}
        yield SimpleNamespace(airflow=airflow, client=client, runs=stand_in.runs, **started)


@pytest.fixture(scope="module")
def ways_to_end(world) -> DagRunOf:
    return DagRunOf(world.client, "ways_to_end", "2026-01-02T03:04:05Z")


def wait_ended(world, run: DagRunOf) -> str:
    return world.client.wait_for_dag_run(*run.key, timeout=240).state


def failed_by_the_race(world, run: DagRunOf) -> set[int]:
    return {entry["map_index"] for entry in world.client.event_logs(*run.key, MISMATCH)}


def test_it_is_celery_that_runs_the_tasks(world):
    until(lambda: "succeeded in" in world.airflow.components.log("worker").read_text(), 240)


def test_early_resumes_are_neither_held_nor_failed(world):
    assert wait_ended(world, world.raced) == "success"
    assert world.raced.states() == ["success"] * TASKS
    assert failed_by_the_race(world, world.raced) == set()
    for index in range(TASKS):
        lines = [line.event for line in world.client.log(*world.raced.key, "mapped", 1, index)]
        assert any(line.startswith("Waiting for the outcome") for line in lines)
        assert not any("resuming in" in line for line in lines)


def test_a_killed_tasks_run_is_stopped(world):
    world.run_deleted.wait_triggered(1)
    (run,) = [each for each in world.runs.starts if each.caller.dag_id == "run_deleted"]
    world.client.mark(*world.run_deleted.key, "waits", "failed")
    until(lambda: world.runs.stops, 240)
    time.sleep(5)
    (stop,) = world.runs.stops
    assert list(stop.callers.values()) == [run.caller.key]
    assert world.run_deleted.task().state == "failed"


# As with LocalExecutor (test_provider_on_airflow.py).
def test_each_task_ended_as_its_run_did(world, ways_to_end):
    assert wait_ended(world, ways_to_end) == "failed"
    tasks = ("succeeds", "batch", "fails-once", "fails-always", "exits-99", "is-refused")
    ended = {
        task: [one.state for one in world.client.tries(*ways_to_end.key, task)] for task in tasks
    }
    assert ended == {
        "succeeds": ["success"],
        "batch": ["success"],
        "fails-once": ["failed", "success"],
        "fails-always": ["failed", "failed"],
        "exits-99": ["skipped"],
        "is-refused": ["failed"],
    }
    assert failed_by_the_race(world, ways_to_end) == set()


def test_the_containers_result_and_lines_reach_airflow(world, ways_to_end):
    key = ways_to_end.key
    assert world.client.xcom(*key, "succeeds")["dag_run_date"] == "2026-01-02"
    assert world.client.xcom(*key, "succeeds", "exit_codes") == {"main": 0}
    log = [line.event for line in world.client.log(*key, "succeeds", 1)]
    assert sum(line.startswith("container of") for line in log) == 1
    assert any("succeeded: completed" in line for line in log)


def test_of_two_hundred_early_resumes_none_is_failed(world):
    for _ in range(TIMES):
        run = DagRunOf(world.client, "raced")
        assert wait_ended(world, run) == "success"
        assert run.states() == ["success"] * TASKS
        assert failed_by_the_race(world, run) == set()
