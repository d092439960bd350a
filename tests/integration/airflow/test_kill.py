"""Kill means kill, once, in a real Airflow: what happens to the task and to the run on each of the
ways in which a waiting task can be taken away (docs/explanation/kill.md). AIRFLOW_PYTHON names the
interpreter of another version's environment.
"""

import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from shared_airflow import KILLED
from waiting_airflow import DagRunOf, until
from waiting_runs import WaitingRuns

from jetbridge.contract import Cause, State

# From the user's act to the stop request: a round of the triggerer or two, and the wait for more.
SECONDS_TO_STOP = 12

# Asked something for the first time, a triggerer's supervisor loads Airflow's API into itself.
SECONDS_TO_LOAD = 40


@pytest.fixture(scope="module")
def world(shared, airflow_python):
    dags = (
        "run_times_out",
        "net_timeout",
        "killed",
        "killed_together",
        "run_deleted",
        "dag_deleted",
        "time_is_over",
        "worker_dies",
    )
    started = {dag: DagRunOf(shared.client, dag) for dag in dags}
    yield SimpleNamespace(
        runs=shared.waiting[KILLED],
        client=shared.client,
        retries_after_sigkill=version_of(airflow_python) >= (3, 1),
        **started,
    )
    # Nothing of it waits on beside the next file's tasks.
    for dag in ("killed", "worker_dies"):
        shared.client.mark_dag_run(*started[dag].key, "failed")
        until(lambda dag=dag: "deferred" not in started[dag].states(), 240)


def version_of(python: Path) -> tuple[int, ...]:
    (installed,) = python.parent.parent.glob("lib/python*/site-packages/apache_airflow-*.dist-info")
    return tuple(int(part) for part in installed.name.split("-")[1].split(".")[:2])


def wait_stopped(
    world: SimpleNamespace, run_ids: set[str], since: float, seconds: float = SECONDS_TO_STOP
) -> None:
    """Each is stopped in time."""
    stopped_at = world.runs.stopped_at
    until(lambda: run_ids <= stopped_at.keys(), seconds)
    assert max(stopped_at[run_id] for run_id in run_ids) - since < seconds


def times_stopped(runs: WaitingRuns, run_id: str) -> int:
    return sum(run_id in request.run_ids for request in runs.stops)


def test_the_first_kill(world):
    world.killed.wait_triggered(6)
    began = time.time()
    world.client.mark(*world.killed.key, "first", "skipped")
    wait_stopped(world, {world.runs.run_of("first")}, began, SECONDS_TO_LOAD)


@pytest.mark.parametrize("state", ["failed", "success"])
def test_a_marked_task_ends_and_so_does_its_run(world, state):
    task_id = f"marked-{state}"
    run = world.runs.run_of(task_id)
    began = time.time()
    world.client.mark(*world.killed.key, task_id, state)
    wait_stopped(world, {run}, began)
    assert world.killed.task(task_id).state == state
    callers = [each.callers for each in world.runs.stops if run in each.run_ids]
    assert callers == [{run: world.runs.runs[run].key}]


@pytest.mark.parametrize("task_id", ["cleared", "cleared-reattach"])
def test_a_cleared_task_has_one_run_and_it_is_the_new_trys(world, task_id):
    first = world.runs.run_of(task_id)
    world.client.clear(*world.killed.key, task_id)
    until(lambda: world.killed.task(task_id).try_number == 2, 240)
    until(lambda: world.killed.task(task_id).state == "deferred", 240)
    time.sleep(5)
    second = world.runs.run_of(task_id, 2)
    assert second not in world.runs.ended
    if task_id == "cleared":
        assert first in world.runs.ended
        world.runs.end(second)
        until(lambda: world.killed.task(task_id).state == "success", 240)


def test_a_whole_dag_run_marked_failed_ends_in_few_requests(world):
    world.killed_together.wait_triggered(12)
    before = len(world.runs.stops)
    began = time.time()
    world.client.mark_dag_run(*world.killed_together.key, "failed")
    theirs = {run for run, caller in world.runs.runs.items() if caller.dag_id == "killed_together"}
    assert len(theirs) == 12
    wait_stopped(world, theirs, began)
    requests = world.runs.stops[before:]
    assert len([each for each in requests if theirs & set(each.run_ids)]) <= 2
    assert set(world.killed_together.states()) == {"failed"}


def test_a_deleted_dag_runs_run_is_stopped(world):
    """Airflow deletes a DAG run only when it isn't running, so it is marked just before."""
    world.run_deleted.wait_triggered(1)
    (run,) = [r for r, caller in world.runs.runs.items() if caller.dag_id == "run_deleted"]
    began = time.time()
    world.client.mark_dag_run(*world.run_deleted.key, "failed")
    world.client.delete_dag_run(*world.run_deleted.key)
    wait_stopped(world, {run}, began)


def test_a_deleted_dags_run_is_stopped(world):
    world.dag_deleted.wait_triggered(1)
    (run,) = [r for r, caller in world.runs.runs.items() if caller.dag_id == "dag_deleted"]
    began = time.time()
    world.client.delete_dag("dag_deleted")
    wait_stopped(world, {run}, began)


def test_the_runs_own_timeout_fails_the_task_and_is_no_kill(world):
    world.time_is_over.wait_triggered(1)
    run = world.runs.run_of("stopped-by-jetbridge")
    (start,) = [s for s in world.runs.starts if s.caller.dag_id == "time_is_over"]
    assert start.timeout_seconds == 300
    world.runs.end(run, state=State.STOPPED, cause=Cause.TIMEOUT)
    until(lambda: world.time_is_over.task("stopped-by-jetbridge").state == "failed", 240)
    time.sleep(5)
    assert run not in world.runs.stopped_at


def test_a_dag_runs_timeout_stops_its_runs(world):
    (run,) = [r for r, caller in world.runs.runs.items() if caller.dag_id == "run_times_out"]
    until(lambda: world.run_times_out.task().state == "skipped", 240)
    wait_stopped(world, {run}, time.time())


def test_a_deferral_that_airflow_gives_up_stops_its_run(world):
    """The net beneath the run's own timeout: the worker stops it as it fails the task."""
    until(lambda: world.net_timeout.task().state == "failed", 240)
    (run,) = [r for r, caller in world.runs.runs.items() if caller.dag_id == "net_timeout"]
    assert times_stopped(world.runs, run) == 1


class TestWorkerThatDiedBeforeDeferring:
    @pytest.fixture(autouse=True)
    def airflow_tries_again(self, world, request):
        """Airflow 3.0 fails a task whose process was killed, its retries notwithstanding
        (supervisor.py, ``final_state``)."""
        if not world.retries_after_sigkill and "nobody" not in request.node.name:
            pytest.skip("this Airflow gives such a task no other try")

    def test_the_next_try_stops_its_run(self, world):
        until(lambda: world.worker_dies.task("stops").state == "deferred", 240)
        assert world.worker_dies.task("stops").try_number == 2
        assert world.runs.run_of("stops", 1) in world.runs.superseded
        assert world.runs.run_of("stops", 2) not in world.runs.ended

    def test_the_next_try_goes_on_with_it(self, world):
        until(lambda: world.worker_dies.task("attaches").state == "deferred", 240)
        run = world.runs.run_of("attaches", 2)
        assert len([s for s in world.runs.starts if s.caller.task_id == "attaches"]) == 2
        assert run not in world.runs.ended
        world.runs.end(run)
        until(lambda: world.worker_dies.task("attaches").state == "success", 240)

    def test_without_another_try_nobody_ends_it(self, world):
        until(lambda: world.worker_dies.task("no-retry").state == "failed", 240)
        assert world.runs.run_of("no-retry") not in world.runs.ended


def test_what_nobody_killed_goes_on_to_its_end(world):
    run = world.runs.run_of("goes-on")
    world.runs.end(run)
    until(lambda: world.killed.task("goes-on").state == "success", 240)
    assert times_stopped(world.runs, run) == 0


def test_no_run_was_stopped_twice(world):
    assert {run: times_stopped(world.runs, run) for run in world.runs.stopped_at} == dict.fromkeys(
        world.runs.stopped_at, 1
    )
