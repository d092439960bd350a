"""Runs that somebody else started: their state, a task that waits for one, and an asset."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from airflow_api import AirflowApi
from deployed import AIRFLOWS, EXAMPLE, NETWORK, REPORT, Deployed, FunctionFailed, ecs_task

NOBODYS = "aaaaaaaaaaaaaaaaaaaa"


@pytest.fixture(scope="module")
def sleeper(deployed: Deployed) -> str:
    return deployed.task_definition("jetbridge-example-watched", "test/sleeper:1")


@pytest.fixture(scope="module")
def airflow(deployed: Deployed) -> Iterator[AirflowApi]:
    with AirflowApi().serving() as api:
        secret = json.dumps({"default": api.account})
        deployed.client("secretsmanager").put_secret_value(SecretId=AIRFLOWS, SecretString=secret)
        yield api


def watched(deployed: Deployed, *run_ids: str, **request: Any) -> dict[str, Any]:
    runs = deployed.invoke("watch-runs", {"run_ids": list(run_ids)} | request)["runs"]
    assert isinstance(runs, dict)
    return runs


def test_what_stack_it_is(deployed: Deployed) -> None:
    answer = deployed.invoke("watch-runs", {})
    assert answer["runs"] == {}
    assert answer["outcomes_table"] == deployed.outputs["OutcomesTableName"]
    assert answer["stop_function"] == "jetbridge-stop-run"


def test_task_that_waits_is_finished_when_the_run_has_succeeded(
    deployed: Deployed, airflow: AirflowApi
) -> None:
    task = airflow.waiting()
    run_id = deployed.start(run_task=ecs_task("jetbridge-example-report", **REPORT))
    for _ in range(2):
        runs = watched(deployed, run_id, NOBODYS, caller=task.caller)
        assert runs.keys() == {run_id}
        assert runs[run_id]["status"] in ("accepted", "launching", "launched")
    assert len(json.loads(deployed.row(run_id)["watchers"]["S"])) == 1
    outcome = deployed.outcome(run_id)
    deployed.wait(lambda: task.state == "success", 240, "the end of the task that waits")
    assert task.xcoms == {"run_id": run_id, "return_value": outcome["result"]}
    found = watched(deployed, run_id, caller=task.caller)[run_id]
    assert (found["status"], found["outcome"]) == ("ended", outcome)


def test_task_that_waits_fails_with_the_run(
    deployed: Deployed, sleeper: str, airflow: AirflowApi
) -> None:
    task = airflow.waiting()
    run_id = deployed.start(run_task=ecs_task(sleeper))
    deployed.wait_running(run_id)
    found = watched(deployed, run_id, caller=task.caller)[run_id]
    assert found["status"] == "launched"
    assert found["backend_id"] == deployed.row(run_id)["backend_id"]["S"]
    deployed.invoke("stop-run", {"run_ids": [run_id], "reason": "seen enough"})
    deployed.wait(lambda: task.state == "failed", 240, "the end of the task that waits")
    assert task.xcoms == {}


def test_the_success_of_somebodys_task_updates_the_asset_of_its_definition(
    deployed: Deployed, airflow: AirflowApi
) -> None:
    family = deployed.task_definition(
        "jetbridge-example-asset", "test/sleeper:1", command=["sh", "-c", "exit 0"]
    )
    answer = deployed.client("ecs").run_task(
        cluster=EXAMPLE, taskDefinition=family, launchType="FARGATE", networkConfiguration=NETWORK
    )
    deployed.wait(lambda: airflow.asset_events, 240, "an asset event")
    [event] = airflow.asset_events
    assert event["asset_id"] == 7
    assert event["extra"]["backend_id"] == answer["tasks"][0]["taskArn"]


def test_an_invalid_run_id_is_refused(deployed: Deployed) -> None:
    with pytest.raises(FunctionFailed, match=r"run_ids\[0\]") as failed:
        watched(deployed, "None")
    assert failed.value.kind == "ContractError"
