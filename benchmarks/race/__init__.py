"""How many tasks Airflow fails because they are resumed before its scheduler has seen them defer.

A real Airflow of each kind (executor and metadata database) runs a DAG of 20 tasks at once, whose
runs have ended before the tasks are deferred. It does so once with Jetbridge's hold of 15 s, and
once with ``[jetbridge] resume_hold_seconds`` at zero, where a task is resumed as soon as its
trigger has read the outcome. With CeleryExecutor nothing is held in either case. Task logs go to
S3, as usual, which keeps a worker busy after it has deferred a task. AWS is a stand-in
(benchmarks/race/aws.py).

``failed``: tasks that Airflow failed, of 20. ``mismatches``: failed tasks with a "state mismatch"
in the audit log, which is this race; every other failure has another cause. ``seconds``: from the
start of the DAG run to its end.

The kind with CeleryExecutor needs Redis: `scripts/get-redis`.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.table import Table

from benchmarks.errors import BenchmarkFailed
from benchmarks.feed.aws import REGION
from benchmarks.race.aws import EndedRuns
from benchmarks.result import Result
from benchmarks.size import sized
from benchmarks.workspace import Workspace
from jetbridge_local.airflow import (
    AirflowClient,
    CeleryExecutor,
    LocalAirflow,
    PostgresServer,
    ProgramMissing,
    SqliteDatabase,
    aws_connection,
    connection_variable,
    redis_server,
)

DAGS = Path(__file__).parent / "dags"
DAG = "race"
TASKS = 20
HOLDS = (15, 0)
PATIENCE_SECONDS = 240.0

Figures = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """An executor and a metadata database."""

    name: str
    postgres: bool
    celery: bool


KINDS = (
    Kind("LocalExecutor, SQLite", postgres=False, celery=False),
    Kind("LocalExecutor, PostgreSQL", postgres=True, celery=False),
    Kind("CeleryExecutor, PostgreSQL", postgres=True, celery=True),
)


MEASURED = sized(KINDS, KINDS[1:2])


def run(workspace: Workspace) -> Result:
    """Measure each kind with each hold. Raises BenchmarkFailed without Redis."""
    try:
        redis = redis_server(workspace.paths.root / ".venv")
    except ProgramMissing as error:
        raise BenchmarkFailed(str(error)) from error
    figures: Figures = {}
    with EndedRuns() as aws:
        for kind in MEASURED:
            airflow = _airflow(workspace, aws, kind, redis)
            with workspace.progress.step(f"Airflow with {kind.name}"):
                workspace.at_close(airflow.stop)
                airflow.start()
                airflow.wait_healthy()
            with airflow.client() as client:
                client.wait_for_dag(DAG)
                for hold in HOLDS:
                    with workspace.progress.step(f"{kind.name}, hold {hold} s"):
                        figures |= {
                            f"{_key(kind)}_hold_{hold}_{name}": value
                            for name, value in _measure(airflow, client, hold).items()
                        }
            airflow.stop()
    return Result(figures, table(figures))


def _airflow(workspace: Workspace, aws: EndedRuns, kind: Kind, redis: Path) -> LocalAirflow:
    return LocalAirflow(
        workspace.paths.airflow_home,
        DAGS,
        workspace.paths.python("celery"),
        # Every task is deferred, the second time, too.
        environment=connection_variable("aws_default", aws_connection(aws.url, REGION))
        | {"AIRFLOW__JETBRIDGE__SHORT_RUN_SECONDS": "0"},
        remote_log="s3://logs/airflow",
        templates=workspace.paths.local / "airflow-databases",
        database=PostgresServer() if kind.postgres else SqliteDatabase(),
        executor=CeleryExecutor(redis) if kind.celery else None,
    )


def _measure(airflow: LocalAirflow, client: AirflowClient, hold: int) -> Figures:
    """One DAG run. The hold is the triggerer's."""
    airflow.stop_component("triggerer")
    airflow.start_component("triggerer", {"AIRFLOW__JETBRIDGE__RESUME_HOLD_SECONDS": str(hold)})
    began = time.monotonic()
    run_id = client.trigger(DAG).run_id
    client.wait_for_dag_run(DAG, run_id, PATIENCE_SECONDS)
    seconds = time.monotonic() - began
    states = [task.state for task in client.tasks(DAG, run_id)]
    mismatches = {each["map_index"] for each in client.event_logs(DAG, run_id, "state mismatch")}
    if len(states) != TASKS:
        raise BenchmarkFailed(f"the DAG run has {len(states)} tasks, not {TASKS}")
    return {
        "failed": states.count("failed"),
        "mismatches": len(mismatches),
        "seconds": round(seconds, 1),
    }


def _key(kind: Kind) -> str:
    return f"{'celery' if kind.celery else 'local'}_{'postgresql' if kind.postgres else 'sqlite'}"


def table(figures: Mapping[str, Any]) -> Table:
    """A row for each kind and hold."""
    shown = Table(title=f"Resume race: {TASKS} tasks whose runs have ended before they defer")
    for heading in ("executor, metadata database", "hold, s", f"failed of {TASKS}"):
        shown.add_column(heading, justify="left" if heading.startswith("executor") else "right")
    shown.add_column("by a state mismatch", justify="right")
    shown.add_column("DAG run, s", justify="right")
    for kind in MEASURED:
        for hold in HOLDS:
            values = [
                str(figures[f"{_key(kind)}_hold_{hold}_{name}"])
                for name in ("failed", "mismatches", "seconds")
            ]
            shown.add_row(kind.name, str(hold), *values)
    return shown
