"""A whole Airflow of other people's DAGs (strangers/), unedited: adopted, run, and switched back
while tasks wait.

AWS is the local cloud, which has no cluster and no queue: where the amazon provider's own code
starts something, it fails.
"""

import shutil
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import pytest
from shared_airflow import ADOPT
from stand_in import REGION
from waiting_airflow import DagRunOf, until
from waiting_runs import WaitingRuns, create_table

from jetbridge_local.airflow import UNHURRIED, LocalAirflow, aws_connection, connection_variable
from jetbridge_local.cloud import LocalCloud

pytestmark = pytest.mark.nightly

PARSERS = ("dag-processor", "scheduler", "triggerer")
ENDED = {"success", "failed", "skipped", "upstream_failed"}
SECONDS = 900

DAGS = {
    "taskflow": {"run"},
    "mapped": {"jobs", "lazy", "own"},
    "groups": {"inner.a", "up", "down", "each.t"},
    "branches": {"small"},
    "own_operators": {"run", "test", "spark", "job"},
    "told": {"told", "quiet"},
    "native": {"native", "nowait"},
    "old_style": {"t_0", "t_1", "b"},
    "intervals": {"job", "after"},
    "made_ecs": {"first", "second"},
    "made_batch": {"first", "second"},
}
"""The tasks that run through Jetbridge."""
CONSUMER = "of_assets"
"""The DAG that the asset of another starts."""
EXPECTED = {("own_operators", "stays"): "failed", ("branches", "large"): "skipped"}
"""States other than ``success``. The first can't be adopted."""
FIRST = {"taskflow": "run", "told": "told", "old_style": "t_0", "made_batch": "first"}
"""What waits while the Airflow is switched back."""


class Ending:
    """Ends each run that is started, unless it is paused."""

    def __init__(self, runs: WaitingRuns) -> None:
        self._runs = runs
        self._over = threading.Event()
        self.paused = False
        self._thread = threading.Thread(target=self._end_all)

    def __enter__(self) -> "Ending":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _end_all(self) -> None:
        while not self._over.wait(1):
            for run_id in [] if self.paused else list(self._runs.runs):
                if run_id not in self._runs.ended:
                    self._runs.end(run_id)


@pytest.fixture(scope="module")
def world(
    tmp_path_factory: pytest.TempPathFactory,
    local_python: Path,
    airflow_python: Path,
    database_templates: Path,
) -> Iterator[SimpleNamespace]:
    folder = tmp_path_factory.mktemp("strangers")
    dags = folder / "dags"
    shutil.copytree(Path(__file__).parent / "strangers", dags)
    with ExitStack() as stack:
        runtime = local_python.parents[2] / "runtime/bin/python"
        cloud = stack.enter_context(
            LocalCloud(folder / "cloud", python=local_python, runtime_python=runtime)
        )
        create_table(cloud.client("dynamodb"))
        runs = stack.enter_context(WaitingRuns(cloud.client("dynamodb")))
        connection = aws_connection(
            cloud.url, REGION, key_id="test", endpoints={"lambda": runs.url}
        )
        environment = connection_variable("aws_default", connection) | UNHURRIED | {ADOPT: "*"}
        airflow = stack.enter_context(
            LocalAirflow(
                folder / "airflow",
                dags,
                airflow_python,
                environment=environment,
                templates=database_templates,
            )
        )
        client = stack.enter_context(airflow.client())
        ending = stack.enter_context(Ending(runs))
        yield SimpleNamespace(airflow=airflow, client=client, runs=runs, ending=ending)


def begin(world, dag_ids, day: int) -> dict[str, DagRunOf]:
    when = f"2026-01-{day:02}T00:00:00Z"
    return {each: DagRunOf(world.client, each, logical_date=when) for each in dag_ids}


def over(run: DagRunOf) -> bool:
    states = run.states()
    return bool(states) and set(states) <= ENDED


def text(run: DagRunOf, task) -> str:
    lines = run.client.log(*run.key, task.task_id, task.try_number, task.map_index)
    return "\n".join(line.event for line in lines)


def test_each_task_runs_through_jetbridge(world):
    begun = begin(world, DAGS, 2)
    assert world.client.import_failures() == []
    for run in begun.values():
        until(lambda run=run: over(run), SECONDS)
    wrong = {}
    for dag_id, run in begun.items():
        for task in run.tasks():
            place = (dag_id, task.task_id)
            expected = EXPECTED.get(place, "success")
            told = text(run, task) if task.state != "skipped" else ""
            adopted = "Adopted: [jetbridge] adopt has this task" in told
            if (task.state, adopted) != (expected, task.task_id in DAGS[dag_id]):
                wrong[place, task.map_index] = (task.state, adopted, told[-2000:])
    assert not wrong


def test_requests_and_results_are_those_of_the_dags(world):
    started = {}
    for each in world.runs.starts:
        caller = each.caller
        started[caller.dag_id, caller.task_id, caller.map_index] = each.parameters
    (container,) = started["own_operators", "spark", -1]["overrides"]["containerOverrides"]
    assert container["environment"] == [{"name": "FLAVOUR", "value": "hot"}]
    (container,) = started["own_operators", "run", -1]["overrides"]["containerOverrides"]
    assert container["command"] == ["dbt", "run", "--select", "tag:20260102", "--target", "prod"]
    assert started["mapped", "jobs", 1]["parameters"] == {"who": "y"}
    assert started["mapped", "lazy", 0]["overrides"] == {"cpu": "x"}
    assert started["native", "native", -1]["tags"] == [{"key": "k", "value": "v"}]
    assert started["old_style", "t_0", -1]["overrides"] == {"cpu": "2026-01-03"}
    subnets = started["taskflow", "run", -1]["networkConfiguration"]["awsvpcConfiguration"]
    assert "a" in subnets["subnets"]
    assert started["intervals", "after", -1]["cluster"].startswith("id-of-")


def test_the_asset_of_an_adopted_task_starts_a_dag(world):
    until(lambda: world.client.dag_runs(CONSUMER), 60)
    (run,) = world.client.dag_runs(CONSUMER)[:1]
    world.client.wait_for_dag_run(CONSUMER, run.run_id, timeout=SECONDS)
    assert world.client.dag_run(CONSUMER, run.run_id).state == "success"


def test_switched_back_in_the_middle(world):
    """What waits ends as its run does; what comes after is the amazon provider's, and fails."""
    world.ending.paused = True
    begun = begin(world, FIRST, 4)
    for dag_id, run in begun.items():
        until(lambda d=dag_id, run=run: run.task(FIRST[d]).state == "deferred", SECONDS)
    starts = len(world.runs.starts)
    for name in PARSERS:
        world.airflow.stop_component(name)
    for name in PARSERS:
        world.airflow.start_component(name, {ADOPT: ""})
    world.airflow.wait_healthy()
    world.ending.paused = False
    for dag_id, run in begun.items():
        until(lambda d=dag_id, run=run: run.task(FIRST[d]).state in ENDED, SECONDS)
        task = run.task(FIRST[dag_id])
        assert task.state == "success", text(run, task)
        assert "so Jetbridge's operator ends it" in text(run, task)
    until(lambda: begun["made_batch"].task("second").state in ENDED, SECONDS)
    assert begun["made_batch"].task("second").state == "failed"
    assert len(world.runs.starts) == starts
