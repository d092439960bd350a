"""How the sweeper looks at ten thousand active runs that are all due at once.

A local cloud's ECS really has a task for each run: RunTask made it, and DescribeTasks tells its
true state. Each task has the token of a run whose row is a copy of one that start_run and
launch_run wrote. The tasks stay in PROVISIONING, because ten thousand containers would be as many
processes. The rows have that state already, as rows of running tasks have RUNNING. Then sweep_runs
is invoked until no run is due, as its schedule would each minute.

``runs``: rows that were looked at. ``describe_calls``: calls of DescribeTasks that the cloud
served. ``seconds``: of the sweeps, from their invocations to their answers. ``sweeps``: how many it
took. ``cpu_seconds``: of sweep_runs' processes, whatever the machine's speed.
"""

import json
import time
from concurrent.futures import ThreadPoolExecutor

from rich.table import Table

from benchmarks.cpu import FunctionCpu
from benchmarks.errors import BenchmarkFailed
from benchmarks.result import Result
from benchmarks.rows import Made, Rows, run_id
from benchmarks.size import sized
from benchmarks.sweep.figures import OneSweep, Sweeps
from benchmarks.workspace import Workspace
from jetbridge_local.flood.starts import CLUSTER, FAMILY
from jetbridge_local.limits import Limits
from jetbridge_local.site.progress import Say
from jetbridge_local.site.stack import Stack

RUNS = sized(10_000, 200)
_MOST_SWEEPS = 10
_STEP_SECONDS = 7200.0
_UNLIMITED = Limits(
    run_task_per_second=1e6, run_task_burst=10**6, fargate_per_second=1e6, fargate_burst=10**6
)
_RUN_TASK_THREADS = 4
_PROVISIONING = {"backend_status": {"S": "PROVISIONING"}, "change_order": {"N": "1"}}


def run(workspace: Workspace) -> Result:
    """Make tasks and rows, sweep, count."""
    step = workspace.progress.step
    stack = workspace.deployed_stack(
        images=workspace.paths.root / "benchmarks" / "flood" / "images.yaml",
        limits=_UNLIMITED,
        step_seconds=_STEP_SECONDS,
    )
    stack.hold_back("StateChangeQueue")
    rows = Rows(stack)
    stack.quieten()
    with step(f"{RUNS} tasks") as say:
        made = _tasks(stack, rows, say)
    with step(f"{RUNS} rows"):
        now = time.time()
        rows.write(made, lambda number: now - 1 - number / RUNS, _PROVISIONING)
        rows.delete_template()
    with step("sweeps") as say:
        sweeps = _sweep(stack, rows, say)
    missed = RUNS - sweeps.looked_at
    broken = [f"{missed} of {RUNS} runs were not looked at"] if missed else []
    return Result(figures(sweeps), table(sweeps), broken)


def _tasks(stack: Stack, rows: Rows, say: Say) -> list[Made]:
    ecs = stack.client("ecs")
    subnets = {"subnets": ["subnet-0example"]}

    def launch(number: int) -> Made:
        name = run_id(number)
        answer = ecs.run_task(
            cluster=CLUSTER,
            taskDefinition=FAMILY,
            launchType="FARGATE",
            networkConfiguration={"awsvpcConfiguration": subnets},
            startedBy=f"jb-{rows.stack_key}-{name}-1",
        )
        if number % 500 == 0:
            say(f"{number} launched")
        return Made(name, str(answer["tasks"][0]["taskArn"]))

    with ThreadPoolExecutor(_RUN_TASK_THREADS) as threads:
        return list(threads.map(launch, range(RUNS)))


def _sweep(stack: Stack, rows: Rows, say: Say) -> Sweeps:
    cpu = FunctionCpu(stack, ["sweep_runs"])
    before = rows.due(time.time())
    began = time.time()
    sweeps: list[OneSweep] = []
    while left := rows.due(began):
        if len(sweeps) == _MOST_SWEEPS:
            raise BenchmarkFailed(f"{left} of {before} runs are due after {_MOST_SWEEPS} sweeps")
        sweeps.append(_one_sweep(stack))
        say(f"{rows.due(began)} of {before} are due after {len(sweeps)} sweeps")
    return Sweeps(
        runs=RUNS,
        sweeps=sweeps,
        calls=[call for call in stack.cloud.calls(began) if "sweep" in call["caller"]],
        cpu_seconds=cpu.seconds(),
        due_before=before,
        due_after=rows.due(began),
        active=rows.due(began + _STEP_SECONDS),
    )


def _one_sweep(stack: Stack) -> OneSweep:
    """Raises BenchmarkFailed if it fails or runs into its time-out."""
    began = time.monotonic()
    answer = stack.client("lambda").invoke(
        FunctionName=stack.functions["sweep_runs"], Payload=json.dumps({})
    )
    payload = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise BenchmarkFailed(f"sweep_runs: {payload}")
    return OneSweep(answer=payload, seconds=time.monotonic() - began)


def figures(sweeps: Sweeps) -> dict[str, float]:
    return {
        "runs": sweeps.looked_at,
        "describe_calls": sweeps.describe_calls,
        "seconds": round(sweeps.seconds, 2),
        "sweeps": len(sweeps.sweeps),
        "cpu_seconds": round(sweeps.cpu_seconds, 2),
    }


def table(sweeps: Sweeps) -> Table:
    """The figures, and what explains them."""
    shown = Table(title="Sweep", caption="ECS tasks of the local cloud, described for real")
    shown.add_column("")
    shown.add_column("", justify="right")
    per_run = sweeps.cpu_seconds / sweeps.runs * 1000
    for name, value in (
        ("rows due at once", f"{sweeps.due_before}"),
        ("runs looked at", f"{sweeps.looked_at}"),
        ("still due", f"{sweeps.due_after}"),
        ("not finished, as it should be", f"{sweeps.active}"),
        ("sweeps", f"{len(sweeps.sweeps)}"),
        ("seconds each", ", ".join(f"{sweep.seconds:.1f}" for sweep in sweeps.sweeps)),
        ("calls of DescribeTasks", f"{sweeps.describe_calls}"),
        ("calls of Query", f"{sweeps.count('Query')}"),
        ("calls of UpdateItem", f"{sweeps.count('UpdateItem')}"),
        ("calls of Scan", f"{sweeps.count('Scan')}"),
        ("healthy tasks stopped", f"{sweeps.count('StopTask')}"),
        ("CPU seconds of sweep_runs", f"{sweeps.cpu_seconds:.1f}"),
        ("CPU milliseconds per run", f"{per_run:.2f}"),
    ):
        shown.add_row(name, value)
    return shown
