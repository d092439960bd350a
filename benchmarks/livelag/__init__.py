"""How long it takes until a line of a running container is in Airflow's log API.

``p50_s``, ``p95_s``: from the line's own time, which the container prints in it, to the end of the
first request of ``GET …/logs/{try}`` that has it, over all lines of both backends; nearest rank.
``lines``: how many there are; ``seen_while_running``: how many were there before the task's end.

This includes the awslogs driver, which here sends its lines every half second, the subscription,
the relay, S3, and up to one interval of looking. It doesn't include CloudWatch Logs' own time to
deliver to a subscription: the local cloud delivers at once.
"""

from collections.abc import Sequence

from rich.table import Table

from benchmarks.livelag.site import DAGS, IMAGES, define_job, make_group
from benchmarks.livelag.watching import LOOK_SECONDS, Watched, watch
from benchmarks.result import Result
from benchmarks.site import start_airflow
from benchmarks.size import sized
from benchmarks.workspace import Workspace
from jetbridge_local.flood.figures import percentile

BACKENDS = ("ecs", "batch")
LINES = sized(45, 5)
FIRST_LINES = sized(5, 2)
SEED = 20260301


def run(workspace: Workspace) -> Result:
    """One short run of each backend first, so that the figures are those of warm functions."""
    step = workspace.progress.step
    stack = workspace.deployed_stack(images=IMAGES, parameters=make_group)
    define_job(stack)
    # Every task is deferred, as tasks are while their lines are read.
    always = {"AIRFLOW__JETBRIDGE__SHORT_RUN_SECONDS": "0"}
    airflow = start_airflow(workspace, DAGS, variables=always)
    with airflow.client() as client:
        with step("DAGs"):
            for backend in BACKENDS:
                client.wait_for_dag(f"livelag_{backend}")
        with step("a short run of each first") as say:
            first = [watch(client, each, "first", FIRST_LINES, SEED, say) for each in BACKENDS]
        with step(f"{LINES} lines of each") as say:
            measured = [watch(client, each, "measured", LINES, SEED, say) for each in BACKENDS]
    return Result(figures(measured), table(measured, first))


def figures(measured: Sequence[Watched]) -> dict[str, float]:
    lags = [lag for each in measured for lag in each.lags]
    found: dict[str, float] = {
        "p50_s": round(percentile(lags, 50), 2),
        "p95_s": round(percentile(lags, 95), 2),
        "lines": len(lags),
        "seen_while_running": sum(each.live for each in measured),
    }
    for each in measured:
        found[f"{each.backend}_p50_s"] = round(percentile(each.lags, 50), 2)
        found[f"{each.backend}_p95_s"] = round(percentile(each.lags, 95), 2)
    return found


def table(measured: Sequence[Watched], first: Sequence[Watched]) -> Table:
    shown = Table(
        title="Line printed to line in Airflow's log API, seconds",
        caption=f"looked at {LOOK_SECONDS:g} s after each answer; seed {SEED}",
    )
    for name in ("", "lines", "while running", "p50", "p95", "slowest"):
        shown.add_column(name, justify="left" if not name else "right")
    rows = [*((each.backend, each) for each in measured)]
    rows += [(f"{each.backend}, first run, cold", each) for each in first]
    for name, each in rows:
        lags = each.lags
        shown.add_row(
            name,
            f"{len(lags)}",
            f"{each.live}",
            f"{percentile(lags, 50):.2f}",
            f"{percentile(lags, 95):.2f}",
            f"{max(lags):.2f}",
        )
    return shown
