"""What others started, on real Airflow and the deployed stack: sensors, assets, `StopRunOperator`.

The sensors wait for one run in every way there is, for a firing of a schedule, and for a run that
fails.
"""

import json
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from finish_matrix.cell import Cell, until
from finish_matrix.stage import Stage

SECONDS = "40"
"""How long the containers run: the DAG run's eight tasks have begun to wait by then."""


def run_task(exits: str) -> dict[str, Any]:
    environment = {"exits": exits, "seconds": SECONDS, "try_number": "1"}
    variables = [{"name": name, "value": value} for name, value in environment.items()]
    return {
        "cluster": "jetbridge-example",
        "taskDefinition": "jetbridge-example-matrix",
        "launchType": "FARGATE",
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-0example"]}},
        "overrides": {"containerOverrides": [{"name": "main", "environment": variables}]},
    }


def schedule(stage: Stage) -> dict[str, str]:
    """A schedule that fires once, in a moment: what the sensor learns of it."""
    scheduler = stage.deployed.client("scheduler")
    # Scheduler can assume the role of the example's schedule, which may invoke only this alias.
    target = scheduler.get_schedule(Name="jetbridge-example-report")["Target"]
    planned = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=10)
    caller = {
        "kind": "schedule",
        "schedule_arn": "<aws.scheduler.schedule-arn>",
        "scheduled_time": "<aws.scheduler.scheduled-time>",
    }
    answer = scheduler.create_schedule(
        Name="watched",
        ScheduleExpression=f"at({planned:%Y-%m-%dT%H:%M:%S})",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={
            "Arn": target["Arn"],
            "RoleArn": target["RoleArn"],
            "Input": json.dumps({"caller": caller, "run_task": run_task("0")}),
        },
    )
    return {"schedule_arn": answer["ScheduleArn"], "scheduled_time": planned.isoformat()}


@pytest.fixture(scope="module")
def watching(stage: Stage) -> str:
    """The DAG run that waits."""
    keys = {name: f"{name}-{uuid.uuid4()}" for name in ("person", "failing")}
    conf = keys | schedule(stage)
    for name, exits in (("person", "0"), ("failing", "3")):
        stage.deployed.start(idempotency_key=keys[name], run_task=run_task(exits))
    stage.client.wait_for_dag("finish_watching")
    return stage.client.trigger("finish_watching", conf=conf).run_id


def wait_told(cell: Cell, text: str) -> None:
    """A worker uploads its log a moment after its task's end."""
    until(lambda: text in cell.story, 240, f"{text!r} in the log of {cell.task_id}")


@pytest.mark.parametrize("task_id", ["deferred", "rescheduled", "rest", "schedule"])
def test_a_sensor_ends_with_the_run_that_another_started(
    stage: Stage, watching: str, task_id: str
) -> None:
    cell = Cell(stage, "finish_watching", watching, task_id)
    assert cell.wait_ended(240) == ["success"], cell.story
    assert cell.result == {"try": 1}
    assert stage.client.xcom("finish_watching", watching, task_id, key="run_id")


def test_rest_ended_it_and_no_later_look(stage: Stage, watching: str) -> None:
    cell = Cell(stage, "finish_watching", watching, "rest")
    cell.wait_ended(240)
    told = [
        call.status
        for call in stage.proxy.calls
        if call.method == "PATCH" and call.path.endswith("/taskInstances/rest")
    ]
    assert told == [200]


def test_a_failed_run_fails_the_sensor_whatever_retries_it_has(stage: Stage, watching: str) -> None:
    cell = Cell(stage, "finish_watching", watching, "failing")
    assert cell.wait_ended(240) == ["failed"]
    wait_told(cell, "exit codes {'main': 3}")
    by_rest = Cell(stage, "finish_watching", watching, "rest_fails")
    assert by_rest.wait_ended(240) == ["failed"]


def test_a_task_that_does_not_wait_ends_while_its_container_runs(
    stage: Stage, watching: str
) -> None:
    cell = Cell(stage, "finish_watching", watching, "launch")
    assert cell.wait_ended(240) == ["success"], cell.story
    arn = stage.client.xcom("finish_watching", watching, "launch", key="ecs_task_arn")
    run_id = stage.client.xcom("finish_watching", watching, "launch", key="run_id")
    assert arn.startswith("arn:aws:ecs:")
    wait_told(cell, "keeps running without this task")

    assert Cell(stage, "finish_watching", watching, "stop").wait_ended(240) == ["success"]
    answer = stage.client.xcom("finish_watching", watching, "stop")
    assert answer == {"stopping": [run_id], "already_ended": [], "unknown": []}
    stopped = Cell(stage, "finish_watching", watching, "stopped")
    assert stopped.wait_ended(240) == ["failed"]
    wait_told(stopped, ": stopped by user")
    outcome = stage.deployed.outcome(run_id)
    assert (outcome["state"], outcome["backend_id"]) == ("stopped", arn)
    assert "of no more use" in outcome["reason"]


def test_a_watcher_that_was_killed_stops_nothing(stage: Stage) -> None:
    """The run is somebody else's."""
    key = f"kept-{uuid.uuid4()}"
    request = run_task("0")
    run_id = stage.deployed.start(idempotency_key=key, run_task=request)
    other = {"person": key, "failing": key, "schedule_arn": "x", "scheduled_time": "2026-01-01T00Z"}
    dag_run = stage.client.trigger("finish_watching", conf=other).run_id
    cell = Cell(stage, "finish_watching", dag_run, "deferred")
    cell.wait("deferred")
    time.sleep(3)
    stage.client.mark_dag_run("finish_watching", dag_run, "failed")
    until(lambda: stage.deployed.sealed(run_id) is not None, 240, "the end of the run")
    assert stage.deployed.outcome(run_id)["state"] == "succeeded"


def test_a_dag_is_scheduled_by_the_success_of_somebodys_task(stage: Stage) -> None:
    """Jetbridge started neither of the two tasks. The one that fails updates nothing."""
    stage.client.wait_for_dag("asset_of_others")
    failed, succeeded = (
        stage.deployed.client("ecs").run_task(**run_task(exits))["tasks"][0]["taskArn"]
        for exits in ("3", "0")
    )
    until(lambda: bool(stage.client.dag_runs("asset_of_others")), 240, "a DAG run of the asset")
    [started] = stage.client.dag_runs("asset_of_others")
    ended = stage.client.wait_for_dag_run("asset_of_others", started.run_id, 120)
    assert ended.state == "success"
    [told] = stage.client.xcom("asset_of_others", started.run_id, "read")
    assert told["backend_id"] == succeeded != failed
    assert "task-definition/jetbridge-example-matrix:" in told["definition"]
