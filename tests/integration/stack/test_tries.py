"""What happens to the run of an earlier try of the same Airflow task."""

import uuid
from typing import Any

import pytest
from deployed import Deployed, ecs_task


@pytest.fixture(scope="module")
def sleeper(deployed: Deployed) -> str:
    return deployed.task_definition("jetbridge-example-tried", "test/sleeper:1")


def start(
    deployed: Deployed, sleeper: str, airflow_run: str, try_number: int, previous: str
) -> dict[str, Any]:
    """Start one try of a task; retries have the same ``max_tries``."""
    caller = {
        "kind": "airflow",
        "dag_id": "tries",
        "run_id": airflow_run,
        "task_id": "sleep",
        "try_number": try_number,
        "max_tries": 2,
        "ti_id": str(uuid.uuid4()),
    }
    request = {"caller": caller, "run_task": ecs_task(sleeper), "previous": previous}
    return deployed.invoke("start-run", request)


def test_a_retry_that_attaches_gets_the_run_in_progress(deployed: Deployed, sleeper: str) -> None:
    first = start(deployed, sleeper, "attach", 1, "attach")
    deployed.wait_running(first["run_id"])
    second = start(deployed, sleeper, "attach", 2, "attach")
    assert not first["attached"]
    assert second["attached"]
    assert second["run_id"] == first["run_id"]
    deployed.invoke("stop-run", {"run_ids": [first["run_id"]], "reason": "seen enough"})
    assert deployed.outcome(first["run_id"])["caller"]["try_number"] == 2


def test_retry_that_stops_ends_the_earlier_run(deployed: Deployed, sleeper: str) -> None:
    first = start(deployed, sleeper, "stop", 1, "stop")
    deployed.wait_running(first["run_id"])
    second = start(deployed, sleeper, "stop", 2, "stop")
    assert second["run_id"] != first["run_id"]
    outcome = deployed.outcome(first["run_id"])
    assert (outcome["state"], outcome["cause"]) == ("stopped", "stopped_by_user")
    assert second["run_id"] in outcome["reason"]
    deployed.wait_running(second["run_id"])
    deployed.invoke("stop-run", {"run_ids": [second["run_id"]], "reason": "seen enough"})
    deployed.outcome(second["run_id"])
