"""Who may speak for whom, by the aliases that the stack deploys."""

import json
import uuid
from typing import Any

import pytest
from deployed import EVENTS, REPORT, Deployed, FunctionFailed, ecs_task

STARTS = EVENTS.parent / "start_run"
KINDS = ("airflow", "schedule", "event", "person")


def _caller(kind: str) -> dict[str, Any]:
    name = {"airflow": "airflow_ecs"}.get(kind, kind)
    caller: dict[str, Any] = json.loads((STARTS / f"{name}.json").read_text())["caller"]
    unique = uuid.uuid4().hex
    changes = {
        "airflow": {"run_id": unique},
        "schedule": {"scheduled_time": unique},
        "event": {"event_id": unique},
        "person": {},
    }
    return caller | changes[kind]


def _request(kind: str) -> dict[str, Any]:
    request = {"caller": _caller(kind), "run_task": ecs_task("jetbridge-example-report", **REPORT)}
    return request | ({"idempotency_key": uuid.uuid4().hex} if kind == "person" else {})


@pytest.mark.parametrize("alias", KINDS)
@pytest.mark.parametrize("kind", KINDS)
def test_each_alias_starts_runs_of_its_kind_alone(
    deployed: Deployed, alias: str, kind: str
) -> None:
    request = _request(kind)
    if alias == kind:
        run_id = deployed.invoke("start-run", request, alias)["run_id"]
        assert deployed.outcome(run_id)["state"] == "succeeded"
        return
    with pytest.raises(FunctionFailed, match=r"caller\.kind") as refused:
        deployed.invoke("start-run", request, alias)
    assert refused.value.kind == "ContractError"


def test_another_airflow_has_a_name_of_its_own(deployed: Deployed) -> None:
    deployed.add_airflow("finance")
    request = _request("airflow")
    ours = deployed.invoke("start-run", request, "airflow")["run_id"]
    named = request | {"airflow": "finance"}
    theirs = deployed.invoke("start-run", named, "airflow-finance")["run_id"]
    assert theirs != ours
    for wrong, alias in ((request, "airflow-finance"), (named, "airflow")):
        with pytest.raises(FunctionFailed, match="airflow: is"):
            deployed.invoke("start-run", wrong, alias)
    stop = {"run_ids": [ours], "reason": "not yours"}
    assert ours in deployed.invoke("stop-run", stop, "airflow-finance")["refused"]
    watched = deployed.invoke("watch-runs", {"run_ids": [ours, theirs]}, "airflow-finance")
    assert list(watched["runs"]) == [theirs]
    for run_id in (ours, theirs):
        assert deployed.outcome(run_id)["state"] == "succeeded"


def test_a_persons_key_is_no_schedules_firing(deployed: Deployed) -> None:
    """Otherwise a person could take the run id of a schedule's next firing."""
    firing = _request("schedule")
    key = f"schedule/{firing['caller']['schedule_arn']}/{firing['caller']['scheduled_time']}"
    squatter = _request("person") | {"idempotency_key": key}
    theirs = deployed.invoke("start-run", squatter, "person")
    ours = deployed.invoke("start-run", firing, "schedule")
    assert not ours["duplicate"]
    assert ours["run_id"] != theirs["run_id"]
