"""The provider in a real Airflow: every way in which a run can end, once around.

S3 and DynamoDB are the local cloud's; Jetbridge's functions are a stand-in that ends each run at
once, so that the guard against Airflow's resume race is put to the test, too.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from stand_in import LOG_BUCKET, REGION, TABLE, StandIn
from waiting_airflow import until

from jetbridge_local.airflow import (
    UNHURRIED,
    LocalAirflow,
    aws_connection,
    connection_variable,
)
from jetbridge_local.cloud import LocalCloud


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory, local_python: Any) -> Iterator[Any]:
    runtime = local_python.parents[2] / "runtime/bin/python"
    state = tmp_path_factory.mktemp("cloud")
    with LocalCloud(state, python=local_python, runtime_python=runtime) as cloud:
        yield cloud


@pytest.fixture(scope="module")
def aws(cloud: Any) -> Any:
    return cloud.client


@pytest.fixture(scope="module")
def stand_in(aws: Any) -> Iterator[Any]:
    aws("s3").create_bucket(Bucket=LOG_BUCKET)
    aws("dynamodb").create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "run_id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "run_id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    with StandIn(aws("dynamodb"), aws("s3")) as stand_in:
        yield stand_in


@pytest.fixture(scope="module")
def connection(cloud: Any, stand_in: Any) -> Any:
    endpoints = {"lambda": stand_in.url}
    return aws_connection(cloud.url, REGION, key_id="test", endpoints=endpoints)


@pytest.fixture(scope="module")
def airflow(
    tmp_path_factory: pytest.TempPathFactory,
    dags_of: Any,
    airflow_python: Any,
    database_templates: Any,
    connection: Any,
) -> Iterator[Any]:
    with LocalAirflow(
        tmp_path_factory.mktemp("home") / "airflow",
        dags_of("ways_to_end"),
        airflow_python,
        environment=UNHURRIED | connection_variable("aws_default", connection),
        remote_log=f"s3://{LOG_BUCKET}/airflow/logs",
        templates=database_templates,
    ) as airflow:
        yield airflow


@pytest.fixture(scope="module")
def client(airflow: Any, connection: Any) -> Iterator[Any]:
    with airflow.client() as client:
        # One that triggerer and worker must ask Airflow for, rather than find in their environment.
        extra = json.dumps(connection["extra"])
        client.add_connection("aws_stored", **{**connection, "extra": extra})
        yield client


@pytest.fixture(scope="module")
def key(client: Any) -> Any:
    client.wait_for_dag("ways_to_end")
    run = client.trigger("ways_to_end", logical_date="2026-01-02T03:04:05Z")
    ended = client.wait_for_dag_run("ways_to_end", run.run_id, timeout=240)
    assert ended.state == "failed"
    return ended.dag_id, ended.run_id


def states(client: Any, key: Any, task_id: str) -> list[str | None]:
    return [one.state for one in client.tries(*key, task_id)]


def text(client: Any, key: Any, task_id: str, try_number: int, has: str = "") -> str:
    """A try's log, as soon as it has the text ``has``: Airflow uploads the task's own lines
    after the task has its state."""

    def log() -> str:
        lines = client.log(*key, task_id, try_number)
        return "\n".join(f"{line.event} {line.fields}" for line in lines)

    until(lambda: has in log(), 60)
    return log()


def test_each_task_ended_as_its_run_did(client: Any, key: Any) -> None:
    ended = {
        task: states(client, key, task)
        for task in (
            "succeeds",
            "downstream",
            "with-stored-connection",
            "batch",
            "fails-once",
            "fails-always",
            "exits-99",
            "is-refused",
        )
    }
    assert ended == {
        "succeeds": ["success"],
        "downstream": ["success"],
        "with-stored-connection": ["success"],
        "batch": ["success"],
        "fails-once": ["failed", "success"],
        "fails-always": ["failed", "failed"],
        "exits-99": ["skipped"],
        "is-refused": ["failed"],
    }
    mapped = [task for task in client.tasks(*key) if task.task_id == "mapped"]
    assert sorted((task.map_index, task.state) for task in mapped) == [
        (0, "success"),
        (1, "success"),
    ]


def test_the_containers_result_reaches_xcom(client: Any, key: Any) -> None:
    seeds = {"dag_run_ts": "2026-01-02T03:04:05+00:00", "dag_run_date": "2026-01-02"}
    assert client.xcom(*key, "succeeds") == seeds
    assert client.xcom(*key, "succeeds", "exit_codes") == {"main": 0}
    assert client.xcom(*key, "succeeds", "ecs_task_arn") == "id-of-succeeds"
    assert client.xcom(*key, "downstream") == "saw 2026-01-02"
    assert client.xcom(*key, "batch") == "id-of-batch-succeeds"
    assert client.xcom(*key, "batch", "batch_job_id") == "id-of-batch-succeeds"
    assert client.xcom(*key, "fails-always", "exit_codes") == {"main": 3}


def test_no_task_was_resumed_before_airflow_had_seen_it_defer(client: Any, key: Any) -> None:
    """The stand-in ends runs at once; Airflow fails early resumes with a "state mismatch"."""
    for task in ("succeeds", "batch", "fails-once"):
        last = client.tries(*key, task)[-1]
        assert last.seconds >= 15
        assert "state mismatch" not in text(client, key, task, last.try_number)


def test_the_log_tells_the_story_and_the_error(client: Any, key: Any) -> None:
    story = text(client, key, "succeeds", 1, has="succeeded: completed")
    told = ("is accepted (Jetbridge", "Waiting for the outcome of run", "succeeded: completed")
    for line in told:
        assert line in story
    error = text(client, key, "fails-always", 2)
    for line in ("failed: application exit", "main exited with 3", "ended with 3"):
        assert line in error
    refusal = text(client, key, "is-refused", 1)
    assert "run_task.cluster: is not allowed. Use one of: cluster" in refusal


def test_the_containers_lines_are_in_the_log_of_their_try_and_no_other(
    client: Any, key: Any, stand_in: Any
) -> None:
    for request in stand_in.starts:
        caller = request.caller
        log = client.log(*key, caller.task_id, caller.try_number, caller.map_index)
        run_id = request.key.replace("/", "_").lower()[-60:]
        lines = [line.event for line in log if line.event.startswith("container of")]
        assert lines == [f"container of {run_id}"]


def test_the_key_prefix_is_that_of_airflows_own_objects(key: Any, stand_in: Any, aws: Any) -> None:
    stored = aws("s3").list_objects_v2(Bucket=LOG_BUCKET)["Contents"]
    keys = {each["Key"] for each in stored}
    prefixes = {request.log_target.key_prefix for request in stand_in.starts}
    assert len(prefixes) == len(stand_in.starts) == 10
    assert prefixes <= keys, "Airflow's worker writes to the prefix itself"


def test_each_try_is_one_run(stand_in: Any, key: Any) -> None:
    keys = [request.key for request in stand_in.starts]
    assert len(set(keys)) == len(keys)
    assert set(stand_in.invoked) == {"jetbridge-start-run"}


def test_waiting_costs_only_batches(cloud: Any, key: Any) -> None:
    operations = {call["operation"] for call in cloud.calls() if call["service"] == "dynamodb"} - {
        "PutItem",
        "CreateTable",
    }
    assert operations == {"BatchGetItem"}


@pytest.fixture(scope="module")
def again(client: Any, key: Any) -> Any:
    """The same DAG once more, whose runs were short the last time."""
    run = client.trigger("ways_to_end", logical_date="2026-01-03T03:04:05Z")
    ended = client.wait_for_dag_run("ways_to_end", run.run_id, timeout=240)
    return ended.dag_id, ended.run_id


def test_a_short_run_is_not_deferred_the_next_time(client: Any, again: Any) -> None:
    for task in ("succeeds", "batch", "with-stored-connection"):
        (tried,) = client.tries(*again, task)
        assert tried.state == "success"
        story = text(client, again, task, 1, has="succeeded: completed")
        assert "Waiting for the outcome of run" not in story
    mapped = [task.state for task in client.tasks(*again) if task.task_id == "mapped"]
    assert mapped == ["success", "success"]


def test_every_way_to_end_is_the_same_without_a_deferral(client: Any, again: Any) -> None:
    ended = {
        task: states(client, again, task)
        for task in ("downstream", "fails-once", "fails-always", "exits-99", "is-refused")
    }
    assert ended == {
        "downstream": ["success"],
        "fails-once": ["failed", "success"],
        "fails-always": ["failed", "failed"],
        "exits-99": ["skipped"],
        "is-refused": ["failed"],
    }
    assert client.xcom(*again, "downstream") == "saw 2026-01-03"
    assert client.xcom(*again, "fails-always", "exit_codes") == {"main": 3}
