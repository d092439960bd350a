"""What Airflow's ``start_from_trigger`` saves, and what becomes of tasks that are started so.

A real Airflow with an operator of the benchmark's own that waits 20 s in a trigger and returns the
trigger's event, so that nothing of Jetbridge is in the figures. TASKS tasks that a worker starts
and defers, beside TASKS that start from their trigger (``start_trigger_args``), one DAG run each;
then a mapped one, a mapped one whose class says so (as Airflow's documentation has it), one with
``{{ run_id }}`` among its trigger's arguments, and one with ``{{ ti.xcom_pull(…) }}``. Each DAG run
is waited for PATIENCE_SECONDS at most.

``worker_s_by_worker``, ``worker_s_by_trigger``, …: how long all processes of a task held a slot of
    the executor, on average, the upload of logs left out (they stay on disk).
``processes_…``: processes of workers per task. ``state_…``: the states of the task instances when
    the DAG run had ended or patience had; ``value_…``: what the (first) task returned.
    ``executed:`` in it says that ``execute`` ran on a worker after all.
"""

from collections import Counter
from pathlib import Path
from typing import Any

from rich.table import Table

from benchmarks.mapped.database import Database
from benchmarks.mapped.workloads import workloads
from benchmarks.result import Result
from benchmarks.workspace import Workspace
from jetbridge_local.airflow import AirflowClient, AirflowError, LocalAirflow
from jetbridge_local.demo.progress import Say

HERE = Path(__file__).parent
RUN = "measured"
PATIENCE_SECONDS = 90.0
CASES = {
    "by_worker": ("started_by_worker", "a worker starts them"),
    "by_trigger": ("started_by_trigger", "started from the trigger"),
    "mapped": ("mapped_from_trigger", "… mapped"),
    "mapped_by_class": ("mapped_from_trigger_by_class", "… mapped, told by the class"),
    "templated": ("templated_from_trigger", "… with {{ run_id }}"),
    "xcom": ("xcom_from_trigger", "… with {{ ti.xcom_pull(…) }}"),
}


def run(workspace: Workspace) -> Result:
    """All cases in one Airflow, one after the other."""
    with workspace.progress.step("Airflow") as say:
        airflow = _start(workspace, say)
    with airflow.client() as client:
        for dag_id, _ in CASES.values():
            client.wait_for_dag(dag_id)
            with workspace.progress.step(dag_id):
                _run_one(client, dag_id)
        found = {name: _read(airflow, client, dag_id) for name, (dag_id, _) in CASES.items()}
    figures = {
        f"{figure}_{name}": value for name, each in found.items() for figure, value in each.items()
    }
    return Result(figures, table(found))


def _start(workspace: Workspace, say: Say) -> LocalAirflow:
    airflow = LocalAirflow(
        workspace.paths.airflow_home,
        HERE / "dags",
        workspace.paths.python("airflow"),
        environment={"AIRFLOW__CORE__PLUGINS_FOLDER": str(HERE / "plugins")},
        templates=workspace.paths.local / "airflow-databases",
        progress=say,
    )
    workspace.at_close(airflow.stop)
    airflow.start()
    airflow.wait_healthy()
    return airflow


def _run_one(client: AirflowClient, dag_id: str) -> None:
    client.trigger(dag_id, run_id=RUN)
    try:
        client.wait_for_dag_run(dag_id, RUN, PATIENCE_SECONDS)
    except AirflowError:
        # That it doesn't end is what is to be shown.
        return


def _read(airflow: LocalAirflow, client: AirflowClient, dag_id: str) -> dict[str, Any]:
    with airflow.components.log("scheduler").open(errors="replace") as lines:
        held = workloads(lines)
    instances = [
        each for each in Database(airflow.home).instances(dag_id) if each.task_id != "first"
    ]
    phases = [phase for each in instances for phase in held.get(each.ti_id, ())]
    states = Counter(str(each.state) for each in instances)
    one = min(instances, key=lambda each: (each.map_index, each.task_id))
    return {
        "tasks": len(instances),
        "worker_s": round(sum(phase.seconds for phase in phases) / len(instances), 2),
        "processes": round(len(phases) / len(instances), 2),
        "state": ", ".join(f"{state}: {count}" for state, count in states.items()),
        "value": client.xcom(dag_id, RUN, one.task_id, map_index=one.map_index),
    }


def table(found: dict[str, dict[str, Any]]) -> Table:
    """A row for each case."""
    shown = Table(
        title="start_from_trigger",
        caption=f"each DAG run was waited for at most {PATIENCE_SECONDS:.0f} s",
    )
    for name in ("", "tasks", "worker per task, s", "processes per task", "states", "value"):
        shown.add_column(name)
    for name, each in found.items():
        shown.add_row(CASES[name][1], *map(str, each.values()))
    return shown
