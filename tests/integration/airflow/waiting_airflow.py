"""An Airflow whose tasks wait for `WaitingRuns`, and what its tests ask of both."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
from stand_in import REGION
from waiting_runs import WaitingRuns, create_table

from jetbridge_local.airflow import (
    AirflowClient,
    LocalAirflow,
    Task,
    aws_connection,
    connection_variable,
)
from jetbridge_local.cloud import LocalCloud

QUICK = {"AIRFLOW__SCHEDULER__TRIGGER_TIMEOUT_CHECK_INTERVAL": "1"}


@contextmanager
def waiting_runs(state: Path, local_python: Path) -> Iterator[tuple[WaitingRuns, LocalCloud]]:
    runtime = local_python.parents[2] / "runtime/bin/python"
    with LocalCloud(state, python=local_python, runtime_python=runtime) as cloud:
        dynamodb = cloud.client("dynamodb")
        create_table(dynamodb)
        with WaitingRuns(dynamodb) as runs:
            yield runs, cloud


def airflow_for(
    runs: WaitingRuns,
    cloud: LocalCloud,
    home: Path,
    dags: Path,
    python: Path,
    templates: Path,
    options: Mapping[str, str] | None = None,
) -> LocalAirflow:
    endpoints = {"lambda": runs.url}
    connection = aws_connection(cloud.url, REGION, key_id="test", endpoints=endpoints)
    environment = QUICK | connection_variable("aws_default", connection) | dict(options or {})
    return LocalAirflow(home, dags, python, environment=environment, templates=templates)


class DagRunOf:
    """One DAG run and its tasks."""

    def __init__(self, client: AirflowClient, dag_id: str, logical_date: str | None = None) -> None:
        self.client = client
        client.wait_for_dag(dag_id)
        self.key = dag_id, client.trigger(dag_id, logical_date=logical_date).run_id

    def task(self, task_id: str = "waits", map_index: int = -1) -> Task:
        (found,) = (
            task for task in self.tasks() if (task.task_id, task.map_index) == (task_id, map_index)
        )
        return found

    def tasks(self) -> list[Task]:
        return self.client.tasks(*self.key)

    def states(self) -> list[str | None]:
        return [task.state for task in self.tasks()]

    def wait_deferred(self, count: int, seconds: float = 240) -> None:
        until(lambda: self.states().count("deferred") >= count, seconds)

    def wait_triggered(self, count: int) -> None:
        """Wait until this many tasks' triggers have begun: before, Airflow doesn't tell them of
        kills."""
        self.wait_deferred(count)
        for task in self.tasks():
            if task.state == "deferred":
                until(lambda task=task: self._has_begun(task), 60)

    def _has_begun(self, task: Task) -> bool:
        lines = self.client.log(*self.key, task.task_id, task.try_number, task.map_index)
        return any("Waiting for the outcome of run" in line.event for line in lines)


def until(condition: Callable[[], object], seconds: float = 30) -> None:
    """An API that is late is asked again: a whole Airflow and more share this machine."""
    deadline = time.monotonic() + seconds
    while True:
        with suppress(httpx.TimeoutException):
            if condition():
                return
        assert time.monotonic() < deadline, "it didn't happen in time"
        time.sleep(0.2)
