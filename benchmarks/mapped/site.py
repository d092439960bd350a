"""A gate that holds the tasks' containers, and an Airflow with two triggerers."""

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from benchmarks import site
from benchmarks.mapped.gate import Gate
from benchmarks.workspace import Workspace
from jetbridge_local.airflow import LocalAirflow, aws_connection, connection_variable
from jetbridge_local.site.stack import Stack

HERE = Path(__file__).parent
IMAGES = HERE / "images.yaml"
CLUSTER = "jetbridge-example"
DEFINITION = "jetbridge-example-mapped"
PARALLELISM = 6
HEARTBEAT_SECONDS = 1
"""``[workers] min_heartbeat_interval``, 5 by default.

A supervisor that has seen all sockets of its task's process close, and looks before the system has
noted the process's end, looks again at its next heartbeat (task-sdk, supervisor.py,
``_monitor_subprocess``). Meanwhile the process is over and its slot is held. On busy processors
this happens to many processes of either operator, and 5 s of it hide all that the operators differ
in.
"""
_IMAGE = "jetbridge-benchmark/gate:1"
_GROUP = "/jetbridge/example"
TASKS_VARIABLE = "TASKS"
STOCK_TASKS_VARIABLE = "STOCK_TASKS"


@dataclass(frozen=True)
class Side:
    """An operator, by its DAGs: the one that is measured, and a small one to run before."""

    name: str
    dag_id: str
    warm_up_dag_id: str


OURS = Side("ours", "mapped_ours", "first_ours")
STOCK = Side("stock", "mapped_stock", "first_stock")


def tasks_asked_for(default: int) -> int:
    """``TASKS`` of the environment, for a trial."""
    return max(1, int(os.environ.get(TASKS_VARIABLE) or default))


def stock_tasks_asked_for(default: tuple[int, ...]) -> tuple[int, ...]:
    """``STOCK_TASKS`` of the environment, sizes with commas between."""
    asked = os.environ.get(STOCK_TASKS_VARIABLE, "")
    return tuple(int(each) for each in asked.split(",") if each) or default


def define_job(stack: Stack) -> None:
    site.define_job(stack, DEFINITION, _IMAGE, _GROUP)


def start_airflow(
    workspace: Workspace, stack: Stack, gate: Gate, tasks: int, s3: str
) -> LocalAirflow:
    """A fresh Airflow whose DAGs have ``tasks`` tasks; ``s3`` is where it finds S3.

    Raises AirflowFailed.
    """
    cloud = stack.cloud
    connection = aws_connection(cloud.url, cloud.settings.region, endpoints={"s3": s3})
    airflow = site.start_airflow(
        workspace,
        HERE / "dags",
        environment="stock",
        variables={
            **connection_variable("aws_default", connection),
            "AIRFLOW__CORE__PARALLELISM": str(PARALLELISM),
            "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": str(HEARTBEAT_SECONDS),
            "AIRFLOW__CORE__MAX_MAP_LENGTH": str(max(1024, tasks)),
            "JETBRIDGE_BENCHMARK_TASKS": str(tasks),
            "JETBRIDGE_BENCHMARK_GATE": str(gate.path),
        },
    )
    airflow.add_triggerer("triggerer-2")
    return airflow


def triggerer_pids(airflow: LocalAirflow) -> list[int]:
    return [pid for name, pid in airflow.components.pids().items() if name.startswith("triggerer")]


def running_containers(stack: Stack) -> int:
    (cluster,) = stack.client("ecs").describe_clusters(clusters=[CLUSTER])["clusters"]
    return int(cluster["runningTasksCount"])


def launches(stack: Stack, dag_run: str) -> Counter[int]:
    """ECS tasks of a DAG run by the number that their container was given."""
    ecs = stack.client("ecs")
    found: Counter[int] = Counter()
    for status in ("RUNNING", "STOPPED"):
        pages = ecs.get_paginator("list_tasks").paginate(
            cluster=CLUSTER, family=DEFINITION, desiredStatus=status
        )
        for page in pages:
            if not page["taskArns"]:
                continue
            described = ecs.describe_tasks(cluster=CLUSTER, tasks=page["taskArns"])["tasks"]
            for task in described:
                (container,) = task["overrides"]["containerOverrides"]
                given = {each["name"]: each["value"] for each in container["environment"]}
                if given["dag_run"] == dag_run:
                    found[int(given["number"])] += 1
    return found
