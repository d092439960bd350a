"""The feed in a real Airflow whose triggerers end, are killed and freeze: each task finishes once,
and no run is stopped that nobody killed."""

import signal
import time
from types import SimpleNamespace

import psutil
import pytest
from shared_airflow import FEED
from waiting_airflow import DagRunOf, until

from jetbridge_local.airflow import LocalAirflow

FEED_TASKS = 40
EACH = 5
TAKEN_FOR_DEAD_SECONDS = 8
QUICK = {
    "AIRFLOW__TRIGGERER__JOB_HEARTBEAT_SEC": "1",
    "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": str(TAKEN_FOR_DEAD_SECONDS),
}
PEER = "triggerer-2"


@pytest.fixture(scope="module")
def world(shared):
    since = time.time()
    shared.restart_triggerer(QUICK)
    started = DagRunOf(shared.client, "feed")
    started.wait_deferred(FEED_TASKS)
    # Longer ago than what holds an event back, so that each act's effect is seen at once.
    time.sleep(20)
    yield SimpleNamespace(
        runs=shared.waiting[FEED],
        cloud=shared.cloud,
        since=since,
        airflow=shared.airflow,
        feed=started,
    )
    shared.airflow.stop_component(PEER)


def start_peer(airflow: LocalAirflow) -> None:
    airflow.add_triggerer(PEER, QUICK)


def session_of(airflow: LocalAirflow, name: str) -> list[psutil.Process]:
    """A triggerer's supervisor, and the process in which the triggers run."""
    supervisor = psutil.Process(airflow.components.pids()[name])
    return [supervisor, *supervisor.children(recursive=True)]


def end_some(world, part: int) -> list[int]:
    some = list(range(part * EACH, (part + 1) * EACH))
    for index in some:
        world.runs.end(world.runs.run_of("mapped", 1, index))
    return some


def wait_finished(world, indexes: list[int], seconds: float = 240) -> None:
    def finished() -> bool:
        states = {task.map_index: task.state for task in world.feed.tasks()}
        assert set(states.values()) <= {"deferred", "scheduled", "queued", "running", "success"}
        return all(states[index] == "success" for index in indexes)

    until(finished, seconds)


def false_kills(world) -> int:
    """How many triggers of tasks that nobody killed were called, or before Airflow 3.3 cancelled,
    as if somebody had."""
    logs = world.airflow.home.glob("logs/**/*.trigger.*.log")
    said = "".join(log.read_text() for log in logs)
    return said.count("invoking on_kill") + said.count("has taken this trigger away")


def test_what_ended_is_found_by_the_index(world):
    calls = world.cloud.calls(world.since)
    asked = [call["operation"] for call in calls if call["service"] == "dynamodb"]
    assert asked.count("Query") > 10
    wait_finished(world, end_some(world, 0))


def test_a_restart_loses_nothing(world):
    start_peer(world.airflow)
    time.sleep(15)
    world.airflow.components.stop("triggerer", grace_seconds=20)
    some = end_some(world, 1)
    world.airflow.start_component("triggerer", QUICK)
    wait_finished(world, some)


def test_a_killed_triggerers_tasks_are_taken_over(world):
    """The peer has taken them when the other was restarted."""
    for process in session_of(world.airflow, PEER):
        process.send_signal(signal.SIGKILL)
    wait_finished(world, end_some(world, 2))
    world.airflow.stop_component(PEER)
    start_peer(world.airflow)


def test_a_triggerer_that_freezes_and_comes_back_stops_no_run(world):
    """The peer has just begun, so all that still wait do so in the one that freezes."""
    time.sleep(TAKEN_FOR_DEAD_SECONDS + 5)
    before = false_kills(world)
    frozen = session_of(world.airflow, "triggerer")
    for process in frozen:
        process.suspend()
    try:
        time.sleep(TAKEN_FOR_DEAD_SECONDS + 5)
        wait_finished(world, end_some(world, 3))
    finally:
        for process in reversed(frozen):
            process.resume()
    until(lambda: false_kills(world) - before >= FEED_TASKS - 4 * EACH, 240)
    time.sleep(8)
    assert world.runs.stops == []
    wait_finished(world, end_some(world, 4))


def test_the_rest_finishes_and_every_task_has_finished_once(world):
    for part in range(5, FEED_TASKS // EACH):
        wait_finished(world, end_some(world, part))
    until(lambda: world.feed.client.dag_run(*world.feed.key).state == "success", 240)
    assert len(world.runs.starts) == FEED_TASKS
    for index in range(FEED_TASKS):
        (only,) = world.feed.client.tries(*world.feed.key, "mapped", index)
        assert (only.try_number, only.state) == (1, "success")
    resumed = [
        line
        for index in range(FEED_TASKS)
        for line in world.feed.client.log(*world.feed.key, "mapped", 1, index)
        if "succeeded: completed" in line.event
    ]
    assert len(resumed) == FEED_TASKS


def test_nobody_asked_for_a_stop(world):
    assert world.runs.stops == []
