"""What importing an operator costs a DAG file, compared with the amazon provider's operators.

A process of the environment ``airflow`` imports what a DAG processor has imported (``airflow.sdk``
and ``airflow.dag_processing.processor``). Each sample is a fork of it, as is each file that Airflow
parses and each task that it runs. ROUNDS rounds have one sample of each kind and side; the sides
take turns at being first. A first round warms the page cache and doesn't count. Medians and
quartiles; a ratio is ours over stock, within each round.

``ours_ms``, ``stock_ms``, ``ratio``: ``from ….operators.ecs import EcsRunTaskOperator``; with the
prefix ``batch_``, ``from ….operators.batch import BatchOperator``. ``…_cpu_ms`` is the CPU time of
the same. ``parse_…``, ``batch_parse_…``: a DAG file with one such task, import included, as a
task's process parses it on a worker: with a deferrable operator twice for each task.
``preimported_…``, ``batch_preimported_…``: the same file as a DAG processor parses it. It imports
modules whose names begin with ``airflow.`` before it forks (``[dag_processor]
parsing_pre_import_modules``, on by default). So the DAG processor imports the amazon provider's
module once, and each parse imports ours, which is in a distribution of its own.
"""

import shutil
import subprocess

from rich.table import Table

from benchmarks.errors import BenchmarkFailed
from benchmarks.parse import figures as counted
from benchmarks.parse.figures import Pairs, Sample
from benchmarks.result import Result
from benchmarks.size import sized
from benchmarks.workspace import Workspace
from jetbridge_local.airflow.environment import airflow_environment

ROUNDS = sized(7, 2)
_SECONDS = 480
_KINDS = {
    "": ("import", "ecs"),
    "batch_": ("import", "batch"),
    "parse_": ("parse", "ecs"),
    "batch_parse_": ("parse", "batch"),
    "preimported_": ("parse_preimported", "ecs"),
    "batch_preimported_": ("parse_preimported", "batch"),
}
_TITLES = {
    "import": "import",
    "parse": "file, on a worker",
    "parse_preimported": "file, DAG processor",
}


def run(workspace: Workspace) -> Result:
    """Take the samples and pair them."""
    with workspace.progress.step(f"{ROUNDS} rounds of {2 * len(_KINDS)} forks"):
        samples = _samples(workspace)
    counted_rounds = [each for each in samples if each.round > 0]
    pairs = {prefix: Pairs.of(counted_rounds, *kind) for prefix, kind in _KINDS.items()}
    figures: dict[str, float] = {}
    for prefix, each in pairs.items():
        figures |= counted.figures(each, prefix)
    return Result(figures, table(pairs))


def _samples(workspace: Workspace) -> list[Sample]:
    paths = workspace.paths
    home = paths.local / "parse"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    here = paths.root / "benchmarks" / "parse"
    python = paths.python("airflow")
    done = subprocess.run(
        [str(python), str(here / "probe.py"), str(ROUNDS + 1)],
        env=airflow_environment(home=home, dags_folder=here / "dags", python=python, port=9),
        capture_output=True,
        text=True,
        check=False,
        timeout=_SECONDS,
    )
    if done.returncode:
        raise BenchmarkFailed(f"parse: {done.stderr[-2000:]}")
    return Sample.all(done.stdout.splitlines())


def table(pairs: dict[str, Pairs]) -> Table:
    """A row for each kind: both sides, their ratio, and what they load."""
    shown = Table(
        title="Parse: median (quartiles), milliseconds",
        caption=f"{ROUNDS} rounds, each sample a fork of a process that has imported Airflow",
    )
    for name in ("", "ours", "stock", "ours over stock", "CPU, ours", "CPU, stock"):
        shown.add_column(name, justify="right" if name else "left")
    shown.add_column("modules, ours", justify="right")
    shown.add_column("modules, stock", justify="right")
    for prefix, each in pairs.items():
        what, service = _KINDS[prefix]
        shown.add_row(
            f"{_TITLES[what]}: {service}",
            each.milliseconds("ours").text(1),
            each.milliseconds("stock").text(1),
            each.ratio().text(3),
            each.cpu_milliseconds("ours").text(1),
            each.cpu_milliseconds("stock").text(1),
            f"{each.typical('ours', 'modules'):.0f}",
            f"{each.typical('stock', 'modules'):.0f}",
        )
    return shown
