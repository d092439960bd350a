"""Runs read back from an Airflow, a backend and an outcomes table whose content is known."""

import json
from datetime import UTC, datetime
from typing import Any

from benchmarks.lag.measurements import Measurement, Missing
from benchmarks.lag.plan import Kind, PlannedRun
from benchmarks.lag.reading import read_back
from jetbridge_local.airflow import Task

AIRFLOW_ENDED = 1_000_010.0
STOPPED = 1_000_008.5


def a_run(kind: Kind, number: int = 0) -> PlannedRun:
    return PlannedRun(name=f"run-{number:03d}", kind=kind, after=0.0, seconds=20.0)


def a_task(state: str = "success", ended: float | None = AIRFLOW_ENDED) -> Task:
    return Task(
        task_id="job",
        map_index=-1,
        try_number=1,
        max_tries=0,
        state=state,
        start_date=datetime.fromtimestamp(STOPPED - 20, UTC),
        end_date=None if ended is None else datetime.fromtimestamp(ended, UTC),
        scheduled_when=None,
        queued_when=None,
    )


class FakeAirflow:
    """Task instances and XComs by (DAG, DAG run)."""

    def __init__(self) -> None:
        self.instances: dict[tuple[str, str], list[Task]] = {}
        self.pushed: dict[tuple[str, str], dict[str, Any]] = {}

    def ran(self, run: PlannedRun, task: Task, **xcom: Any) -> None:
        self.instances[run.kind.dag_id, run.name] = [task]
        self.pushed[run.kind.dag_id, run.name] = xcom

    def tasks(self, dag_id: str, run_id: str) -> list[Task]:
        return self.instances.get((dag_id, run_id), [])

    def xcom(self, dag_id: str, run_id: str, task_id: str, key: str) -> Any:
        assert task_id == "job"
        return self.pushed.get((dag_id, run_id), {}).get(key)


class FakeStack:
    """ECS, Batch and DynamoDB at once, with one stopped task or job for each id in ``stopped``."""

    def __init__(self, *stopped: str, running: str = "", outcomes: Any = (), calls: Any = ()):
        self.resources = {"OutcomesTable": ("AWS::DynamoDB::Table", "outcomes")}
        self.cloud = self
        self.described: list[int] = []
        self._stopped = set(stopped)
        self._running = running
        self._outcomes = outcomes
        self._calls = calls

    def client(self, service: str) -> "FakeStack":
        return self

    def calls(self, since: float) -> list[dict[str, Any]]:
        return list(self._calls)

    def describe_tasks(self, cluster: str, tasks: list[str]) -> dict[str, Any]:
        self.described.append(len(tasks))
        moment = datetime.fromtimestamp(STOPPED, UTC)
        found = [{"taskArn": arn, "stoppedAt": moment} for arn in tasks if arn in self._stopped]
        return {"tasks": [*found, *({"taskArn": arn} for arn in tasks if arn == self._running)]}

    def describe_jobs(self, jobs: list[str]) -> dict[str, Any]:
        self.described.append(len(jobs))
        return {
            "jobs": [{"jobId": j, "stoppedAt": STOPPED * 1000} for j in jobs if j in self._stopped]
        }

    def get_paginator(self, operation: str) -> "FakeStack":
        assert operation == "scan"
        return self

    def paginate(self, TableName: str) -> list[dict[str, Any]]:
        assert TableName == "outcomes"
        return [{"Items": [{"outcome": {"S": json.dumps(each)}} for each in self._outcomes]}]


def read(airflow: FakeAirflow, stack: FakeStack, *runs: PlannedRun) -> list[Measurement | Missing]:
    return read_back(airflow, stack, runs, since=0.0)  # type: ignore[arg-type]


def test_every_kind_is_found_by_what_its_operator_pushes() -> None:
    airflow, runs = FakeAirflow(), {kind: a_run(kind) for kind in Kind}
    for kind in [each for each in Kind if each.backend == "ecs"]:
        airflow.ran(runs[kind], a_task(), ecs_task_arn=f"task-{kind}")
    for kind in (Kind.FEED_BATCH, Kind.PUSH_BATCH, Kind.SHORT_FEED_BATCH):
        airflow.ran(runs[kind], a_task(), batch_job_id=f"job-{kind}")
    for kind in (Kind.STOCK_BATCH, Kind.SHORT_STOCK_BATCH):
        airflow.ran(runs[kind], a_task(), return_value=f"job-{kind}")
    airflow.ran(runs[Kind.FLOOR], a_task(), due=STOPPED)
    stopped = [f"{thing}-{kind}" for kind in Kind for thing in ("task", "job")]
    for found in read(airflow, FakeStack(*stopped), *runs.values()):
        assert isinstance(found, Measurement), found
        assert found.lag == AIRFLOW_ENDED - STOPPED


def test_a_run_is_missing_if_airflow_or_the_backend_doesn_t_say_its_end() -> None:
    airflow = FakeAirflow()
    runs = [a_run(Kind.STOCK_ECS, number) for number in range(4)]
    airflow.ran(runs[0], a_task("failed"), ecs_task_arn="stopped")
    airflow.ran(runs[1], a_task(), ecs_task_arn="running")
    airflow.ran(runs[2], a_task())
    found = read(airflow, FakeStack("stopped", running="running"), *runs)
    assert [each.reason for each in found if isinstance(each, Missing)] == [
        "is failed",
        "has no stopped job",
        "has no stopped job",
        "has no task instance",
    ]


def test_no_more_than_a_hundred_are_described_at_once() -> None:
    airflow = FakeAirflow()
    runs = [a_run(Kind.FEED_ECS, number) for number in range(150)]
    for run in runs:
        airflow.ran(run, a_task(), ecs_task_arn=run.name)
    stack = FakeStack(*(run.name for run in runs))
    assert all(isinstance(each, Measurement) for each in read(airflow, stack, *runs))
    assert stack.described == [100, 50]


def test_a_run_of_ours_has_its_way_through_the_functions() -> None:
    airflow, run = FakeAirflow(), a_run(Kind.FEED_ECS)
    airflow.ran(run, a_task(), ecs_task_arn="task", run_id="01abc")
    outcome = {
        "run_id": "01abc",
        "finished_at": STOPPED + 0.5,
        "log_streams": [{"stream": "ecs/main/1"}],
    }
    look = {
        "time": STOPPED + 0.25,
        "caller": "jetbridge-finish-run",
        "operation": "GetLogEvents",
        "identifiers": {"logStreamName": "ecs/main/1"},
    }
    (found,) = read(airflow, FakeStack("task", outcomes=[outcome], calls=[look]), run)
    assert isinstance(found, Measurement)
    assert found.passage is not None
    assert (found.passage.settled, found.passage.sealed) == (STOPPED + 0.25, STOPPED + 0.5)
