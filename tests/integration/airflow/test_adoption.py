"""Unedited DAGs of stock operators in a real Airflow: adopted, run, and switched back while tasks
wait.

AWS is the local cloud, which has no cluster and no queue: where the amazon provider's own code
starts a task, its RunTask is seen there, and fails.
"""

from types import SimpleNamespace

import pytest
from shared_airflow import ADOPT
from shared_airflow import ADOPTED as CONNECTION
from waiting_airflow import DagRunOf, until

PARSERS = ("dag-processor", "scheduler", "triggerer")
"""What reads the option: the workers are the scheduler's (LocalExecutor)."""

ADOPTED = (
    ("plain", -1),
    ("group.taskflow", -1),
    ("team", -1),
    ("mapped", 0),
    ("mapped", 1),
    ("deferrable", -1),
    ("batch", -1),
)
STOCK = ("opted-out", "afterwards")


@pytest.fixture(scope="module")
def world(shared):
    return SimpleNamespace(
        runs=shared.waiting[CONNECTION],
        cloud=shared.cloud,
        airflow=shared.airflow,
        client=shared.client,
    )


@pytest.fixture(scope="module")
def first(world) -> DagRunOf:
    """A DAG run of each shape, ended, while adoption was on."""
    run = DagRunOf(world.client, "shapes", logical_date="2026-01-02T00:00:00Z")
    run.wait_deferred(len(ADOPTED))
    for task_id, map_index in ADOPTED:
        world.runs.end(world.runs.run_of(task_id, map_index=map_index))
    world.client.wait_for_dag_run("shapes", run.key[1], timeout=240)
    return run


def text(run: DagRunOf, task_id: str, map_index: int = -1) -> str:
    lines = run.client.log(*run.key, task_id, 1, map_index)
    return "\n".join(f"{line.event} {line.fields}" for line in lines)


def stock_starts(world) -> int:
    calls = [call["operation"] for call in world.cloud.calls() if call["service"] == "ecs"]
    return calls.count("RunTask")


def started_by(world, task_id: str, map_index: int = -1):
    (found,) = (
        each
        for each in world.runs.starts
        if (each.caller.task_id, each.caller.map_index) == (task_id, map_index)
        and each.caller.dag_id == "shapes"
    )
    return found


def test_every_shape_runs_through_jetbridge(world, first):
    for task_id, map_index in ADOPTED:
        assert first.task(task_id, map_index).state == "success", task_id
        assert "Adopted: [jetbridge] adopt has this task" in text(first, task_id, map_index)
    assert len(world.runs.starts) == len(ADOPTED)


def test_requests_are_what_the_dag_says(world, first):
    def value(task_id: str, map_index: int = -1) -> str:
        parameters = started_by(world, task_id, map_index).parameters
        (container,) = parameters["overrides"]["containerOverrides"]
        return container["environment"][0]["value"]

    assert value("plain") == "2026-01-02"
    assert value("group.taskflow") == "planned"
    assert (value("mapped", 0), value("mapped", 1)) == ("one", "two")
    team = started_by(world, "team").parameters
    assert (team["cluster"], team["tags"]) == ("cluster", [{"key": "team", "value": "shapes"}])
    assert started_by(world, "mapped", 1).parameters["tags"] == [{"key": "team", "value": "blue"}]
    assert started_by(world, "batch").parameters["jobQueue"] == "queue"


def test_a_subclass_sees_the_end_as_with_the_stock_operator(world, first):
    arn = f"id-of-{world.runs.run_of('team')}"
    assert f"team shapes saw success of {arn}" in text(first, "team")
    assert first.client.xcom(*first.key, "plain", "ecs_task_arn").startswith("id-of-")
    assert first.client.xcom(*first.key, "seen") == (
        f"saw {first.client.xcom(*first.key, 'plain', 'ecs_task_arn')}"
    )


def test_what_opts_out_or_cant_be_adopted_stays_stock(world, first):
    for task_id in STOCK:
        assert first.task(task_id).state == "failed"
        assert "ClusterNotFoundException" in text(first, task_id), "the local cloud has none"
    assert stock_starts(world) == len(STOCK)
    warned = "Task afterwards of DAG shapes is chosen by [jetbridge] adopt and stays"
    assert warned in text(first, "afterwards")


def test_tags_choose_and_opt_out(world, first):
    before = stock_starts(world)
    chosen = DagRunOf(world.client, "by_tag")
    others = [DagRunOf(world.client, "opted_out"), DagRunOf(world.client, "unnamed")]
    chosen.wait_deferred(1)
    for other in others:
        until(lambda other=other: other.states() == ["failed"], 240)
    assert stock_starts(world) == before + 2
    world.runs.end(world.runs.run_of("of-the-tag"))
    until(lambda: chosen.states() == ["success"], 240)


def test_switched_back_while_tasks_wait(world, first):
    """Each waiting task ends as its run does; what starts afterwards is the stock operator's."""
    waiting = DagRunOf(world.client, "shapes", logical_date="2026-01-03T00:00:00Z")
    waiting.wait_deferred(len(ADOPTED))
    begun = world.runs.starts[-len(ADOPTED) :]
    starts, stock = len(world.runs.starts), stock_starts(world)
    for name in PARSERS:
        world.airflow.stop_component(name)
    for name in PARSERS:
        world.airflow.start_component(name, {ADOPT: ""})
    world.airflow.wait_healthy()

    for run_id in [run_id for run_id, caller in world.runs.runs.items() if _is_of(caller, begun)]:
        world.runs.end(run_id)
    world.client.wait_for_dag_run("shapes", waiting.key[1], timeout=240)
    for task_id, map_index in ADOPTED:
        assert waiting.task(task_id, map_index).state == "success", task_id
        assert "so Jetbridge's operator ends it" in text(waiting, task_id, map_index)
    assert waiting.client.xcom(*waiting.key, "plain", "ecs_task_arn").startswith("id-of-")

    after = DagRunOf(world.client, "by_tag")
    until(lambda: after.states() == ["failed"], 240)
    assert "ClusterNotFoundException" in text(after, "of-the-tag")
    assert len(world.runs.starts) == starts
    assert stock_starts(world) == stock + 1


def _is_of(caller, requests) -> bool:
    return caller.key in {request.key for request in requests}
