"""The trace of a real DAG run: from Airflow's own spans into the request, and back to the resume.

Airflow exports its spans to a recording collector. From 3.2 on its tasks run within spans.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from otlp import Collector
from stand_in import LOG_BUCKET, REGION, TABLE, StandIn

from jetbridge_local.airflow import LocalAirflow, aws_connection, connection_variable
from jetbridge_local.cloud import LocalCloud

# An Airflow of its own; a push sees the spans and TRACEPARENT of a deployed stack (test_traces.py).
pytestmark = pytest.mark.nightly

DAG = """
from airflow.sdk import dag

from airflow_provider_jetbridge.operators.ecs import EcsRunTaskOperator


@dag(schedule=None)
def traced():
    EcsRunTaskOperator(
        task_id="succeeds",
        cluster="cluster",
        task_definition="succeeds",
        launch_type="FARGATE",
        overrides={},
        network_configuration={"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
    )


traced()
"""


def names(collector: Collector, trace_id: str) -> set[bytes]:
    """The names of the expected spans that are in requests with this trace's id."""
    bodies = [request.body for request in collector.taken]
    of_trace = [body for body in bodies if bytes.fromhex(trace_id) in body]
    looked_for = (b"dag_run.traced", b"worker.succeeds", b"jetbridge resume")
    return {name for name in looked_for if any(name in body for body in of_trace)}


@pytest.fixture
def collector() -> Iterator[Collector]:
    with Collector() as started:
        yield started


def test_one_trace_from_the_dag_run_to_the_resume(
    tmp_path: Path,
    airflow_python: Any,
    local_python: Any,
    database_templates: Any,
    collector: Collector,
) -> None:
    dags = tmp_path / "dags"
    dags.mkdir()
    (dags / "traced.py").write_text(DAG)
    runtime = local_python.parents[2] / "runtime/bin/python"
    with LocalCloud(tmp_path / "cloud", python=local_python, runtime_python=runtime) as cloud:
        cloud.client("s3").create_bucket(Bucket=LOG_BUCKET)
        cloud.client("dynamodb").create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": "run_id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "run_id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        with StandIn(cloud.client("dynamodb"), cloud.client("s3")) as stand_in:
            endpoints = {"lambda": stand_in.url}
            connection = aws_connection(cloud.url, REGION, key_id="test", endpoints=endpoints)
            tracing = {
                "AIRFLOW__TRACES__OTEL_ON": "True",
                "OTEL_TRACES_EXPORTER": "otlp_proto_http",
                "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            }
            with (
                LocalAirflow(
                    tmp_path / "airflow",
                    dags,
                    airflow_python,
                    environment=connection_variable("aws_default", connection) | tracing,
                    templates=database_templates,
                ) as airflow,
                airflow.client() as client,
            ):
                client.wait_for_dag("traced")
                run = client.trigger("traced")
                ended = client.wait_for_dag_run("traced", run.run_id, timeout=240)
                assert ended.state == "success"
                [request] = stand_in.starts
                assert request.traceparent
                _, trace_id, parent_id, flags = request.traceparent.split("-")
                assert int(flags, 16) & 1
                # The span that the request names is one that Airflow has exported.
                expected = {b"dag_run.traced", b"worker.succeeds", b"jetbridge resume"}
                deadline = time.monotonic() + 60
                while names(collector, trace_id) != expected and time.monotonic() < deadline:
                    time.sleep(0.5)
                assert names(collector, trace_id) == expected
                bodies = [request.body for request in collector.taken]
                assert any(bytes.fromhex(parent_id) in body for body in bodies)
