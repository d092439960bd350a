"""A thousand mapped ECS tasks through a real Airflow, beside the amazon provider's operator.

One DAG run of ``EcsRunTaskOperator.partial(…).expand(overrides=[…])`` on a local cloud with
Jetbridge's stack: LocalExecutor with PARALLELISM slots, two triggerers, task logs on S3,
S3_SECONDS added to each request of Airflow's to S3, and workers' heartbeats every HEARTBEAT_SECONDS
(benchmarks/mapped/site.py says why). The containers wait at a gate until all tasks are deferred and
all containers run; STEADY_SECONDS later all of them end at once. Then, in an Airflow of its own and
with the prefix ``stock_``, the stock operator (``deferrable=True``, else at its defaults), first
with 100 tasks, then with 300 if none of the 100 has failed: the figures are of the most that it was
given. ``TASKS=50 STOCK_TASKS=50 make bench ONLY=mapped`` takes fewer tasks, and as many of each:
what Airflow takes for a task depends on how many there are.
The local ECS refuses calls beyond AWS's own rates for both. A small DAG run goes before each, so
that functions and triggerers are warm; ``cold_heartbeat_gaps_s`` is of that one.

``finished_once``: tasks that succeeded, with one try, one ``execute`` and one ``execute_complete``
    (the executor's log: "Workload finished") and one ECS task. ``defects`` has the others.
``seconds``: from the DAG run's start to its last task's end; ``burst_seconds``: from the
    containers' release. ``burst_s_per_task``: that over all tasks.
``airflow_cpu_s_per_task``: CPU seconds of all Airflow's processes from the DAG run's start until
    the last log is uploaded, over all tasks; ``…_by_component``: ``tasks`` are the tasks'
    processes, ``supervisors`` those of LocalExecutor, which start them and upload their logs.
    ``worker_cpu_s_per_task``: these two. ``cloud_cpu_s_per_task``: the local cloud with functions
    and containers, which on AWS takes nothing of Airflow's processors. All of them exactly, with
    the processes that have ended (benchmarks/mapped/processors.py). ``burst_…``: the same from the
    containers' release on.
``burst_processors``: how many processors all of that kept busy, from the containers' release to
    the last task's end. The nearer to all that the machine has, the more does the cloud's share
    slow Airflow down.
``triggerer_cpu_s``: CPU time of both triggerers, all processes, over that time.
    ``triggerer_cpu_percent_waiting``: of one processor, while all wait.
``rss_mb_per_task``: the triggerers' resident memory while all wait, beyond that before the DAG
    run, over the tasks that wait (``waited_at_once``).
``aws_calls_while_running``: Airflow's calls, by its access key, in ``steady_seconds`` while all
    wait; ``watching_calls_while_running``: those of them to ECS, Batch or CloudWatch Logs.
    ``ecs_calls_refused``: Airflow's calls of ECS that ended in an error.
``worker_s_per_task``: how long both processes of a task held a slot of the executor together,
    the upload of their log included; ``worker_s_of_each_process``: the one that starts it, and the
    one that ends it; ``worker_p50_s_of_each_process``: their medians.
``heartbeat_gaps_s``: the longest of each triggerer's; at 30 s (``[triggerer]
    triggerer_health_check_threshold``) its peer takes its triggers over. ``failovers``: tasks that
    this happened to. ``claimed_twice``: tasks whose trigger two living triggerers took at once,
    if Airflow allows that. ``stop_calls``: of StopTask, and Airflow's of stop_run.
    ``state_mismatches``: tasks that the scheduler failed since it didn't expect their state.
"""

from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.errors import BenchmarkFailed
from benchmarks.mapped.figures import Crowd, figures
from benchmarks.mapped.flight import S3_SECONDS, STEADY_SECONDS, fly
from benchmarks.mapped.site import (
    IMAGES,
    OURS,
    STOCK,
    define_job,
    stock_tasks_asked_for,
    tasks_asked_for,
)
from benchmarks.result import Result
from benchmarks.size import sized
from benchmarks.workspace import Workspace
from jetbridge_local.airflow import AirflowError, AirflowFailed

TASKS = sized(1_000, 6)
STOCK_TASKS = sized((100, 300), (3,))


def run(workspace: Workspace) -> Result:
    """Ours first; what the stock side can't bear is reported, and doesn't end the benchmark."""
    tasks = tasks_asked_for(TASKS)
    stack = workspace.deployed_stack(images=IMAGES)
    define_job(stack)
    with workspace.progress.step(f"{tasks} mapped tasks, ours") as say:
        ours = fly(workspace, stack, OURS, tasks, say)
    columns = {f"ours, {tasks}": figures(ours)}
    broken = [f"not finished once: {count} ({why})" for why, count in ours.defects().items()]
    # The stock side takes its time, and may be interrupted.
    Console().print(table(columns, []))
    notes: list[str] = []
    found: dict[str, Any] = dict(next(iter(columns.values())))
    for size in sorted({min(size, tasks) for size in stock_tasks_asked_for(STOCK_TASKS)}):
        try:
            with workspace.progress.step(f"{size} mapped tasks, stock") as say:
                crowd = fly(workspace, stack, STOCK, size, say)
        except (AirflowError, AirflowFailed, BenchmarkFailed) as error:
            notes.append(f"stock, {size}: {error}")
            break
        columns[f"stock, {size}"] = figures(crowd)
        found |= figures(crowd, "stock_")
        if _failed(crowd):
            break
    return Result(found, table(columns, notes), broken)


def _failed(crowd: Crowd) -> bool:
    return crowd.succeeded < crowd.tasks


_ROWS = {
    "tasks": "tasks",
    "finished_once": "finished once, with success",
    "failed": "failed",
    "unfinished": "not ended in time",
    "waited_at_once": "waited at the same time",
    "seconds": "start to last end, s",
    "burst_seconds": "release to last end, s",
    "burst_s_per_task": "… per task, s",
    "burst_processors": "… processors busy with it",
    "airflow_cpu_s_per_task": "CPU of Airflow per task, s",
    "worker_cpu_s_per_task": "… of tasks' processes and their supervisors",
    "cloud_cpu_s_per_task": "CPU of the local cloud per task, s",
    "airflow_cpu_s_per_task_by_component": "CPU of Airflow per task by component, s",
    "burst_airflow_cpu_s_per_task": "from release: CPU of Airflow per task, s",
    "burst_worker_cpu_s_per_task": "… of tasks' processes and their supervisors",
    "burst_cloud_cpu_s_per_task": "… of the local cloud",
    "burst_airflow_cpu_s_per_task_by_component": "… of Airflow by component",
    "triggerer_cpu_s": "CPU of both triggerers, s",
    "triggerer_cpu_percent_waiting": "… while all wait, % of a processor",
    "rss_mb_per_task": "their memory per waiting task, MB",
    "aws_calls_a_minute": "calls to AWS a minute while all wait",
    "watching_calls_while_running": "… to ECS, Batch or Logs, in all",
    "ecs_calls_refused": "calls that ECS refused",
    "worker_s_per_task": "worker held per task, s",
    "worker_s_of_each_process": "… by its first process, by its second",
    "worker_p50_s_of_each_process": "… their medians",
    "launched_twice": "launched twice",
    "stop_calls": "stops",
    "state_mismatches": "state mismatches",
    "tasks_of_each_triggerer": "tasks of each triggerer",
    "heartbeat_gaps_s": "longest gaps of their heartbeats, s",
    "cold_heartbeat_gaps_s": "… in the small DAG run before, s",
    "failovers": "tasks taken over from a silent triggerer",
    "claimed_twice": "tasks that two triggerers took at once",
    "defects": "not finished once",
}


def table(columns: dict[str, dict[str, Any]], notes: list[str]) -> Table:
    """A row for each figure, a column for each side and size."""
    caption = (
        f"A real Airflow 3.3 on a local cloud, two triggerers, {1000 * S3_SECONDS:.0f} ms more for"
        f" each of Airflow's calls to S3; calls counted for {STEADY_SECONDS:.0f} s"
    )
    shown = Table(title="Mapped tasks", caption="\n".join((caption, *notes)))
    shown.add_column("")
    for name in columns:
        shown.add_column(name, justify="right")
    for name, text in _ROWS.items():
        shown.add_row(text, *(_text(each[name]) for each in columns.values()))
    return shown


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {count}" for name, count in value.items()) or "none"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
