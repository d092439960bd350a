"""The sample events of events/, and runs that belong to them."""

import json
from functools import cache
from typing import Any

from jetbridge.backends.changes import from_event
from jetbridge.contract import AirflowCaller, StartRequest, decode, run_id_of
from jetbridge.runs.reports import StateChange
from jetbridge.runs.run import (
    Definition,
    LogSource,
    Run,
    Status,
    Watcher,
)
from jetbridge_testing.template import ROOT

EVENTS = ROOT / "events"
STACK_KEY = "5f0c7a10"
REGION = "eu-central-1"
TASK_DEFINITION = f"arn:aws:ecs:{REGION}:123456789012:task-definition/report:12"
JOB_DEFINITION = f"arn:aws:batch:{REGION}:123456789012:job-definition/load:7"

DEFINITIONS = {
    "ecs": Definition(
        arn=TASK_DEFINITION,
        log_sources=[
            LogSource(container="main", driver="awslogs", group="/ecs/report", prefix="report"),
            LogSource(
                container="proxy",
                driver="awslogs",
                group="/ecs/report",
                prefix="report",
                essential=False,
            ),
        ],
    ),
    "batch": Definition(
        arn=JOB_DEFINITION,
        log_sources=[LogSource(container="default", driver="awslogs", group="/aws/batch/job")],
    ),
}

STATE_CHANGES = sorted(path.stem for path in (EVENTS / "state_changes").glob("*.json"))


def sample(path: str) -> dict[str, Any]:
    """A file of events/ as a fresh dict."""
    loaded: dict[str, Any] = json.loads(_text(path))
    return loaded


@cache
def _text(path: str) -> str:
    return (EVENTS / f"{path}.json").read_text()


def event(name: str) -> dict[str, Any]:
    return sample(f"state_changes/{name}")


def change(name: str) -> StateChange:
    found = from_event(event(name), STACK_KEY)
    assert found is not None, f"{name} belongs to no run"
    return found


def request(name: str) -> StartRequest:
    return decode(StartRequest, sample(f"start_run/{name}"))


def new_run(name: str = "airflow_ecs", **fields: Any) -> Run:
    """The run of a start request, just accepted."""
    asked = fields.pop("request", None) or request(name)
    known: dict[str, Any] = {
        "run_id": run_id_of(asked.key),
        "request": asked,
        "created_at": 1_772_323_200.25,
    }
    return Run(**known | fields)


def watcher(task_id: str = "wait", airflow: str = "default", **caller: Any) -> Watcher:
    """A try of a task that waits for a run of others."""
    known: dict[str, Any] = {
        "dag_id": "daily_summary",
        "run_id": "scheduled__2026-03-01T00:00:00+00:00",
        "task_id": task_id,
        "try_number": 1,
        "ti_id": "0195502b-a3f4-7b5e-8f4b-2c0d9e7a6b52",
    }
    return Watcher(caller=AirflowCaller(**known | caller), airflow=airflow)


def launched_run(name: str = "airflow_ecs", **fields: Any) -> Run:
    """The run of a start request whose definition is pinned and which was launched."""
    asked = request(name)
    first = "ecs_running" if asked.backend == "ecs" else "batch_running"
    return new_run(
        name,
        **{
            "status": Status.LAUNCHED,
            "definition": DEFINITIONS[asked.backend],
            "backend_id": change(first).backend_id,
        }
        | fields,
    )


def ended_run(event_name: str, **fields: Any) -> Run:
    """The run of a state-change sample that ended it."""
    ended = change(event_name)
    return launched_run(
        f"airflow_{ended.backend}",
        **{"status": Status.ENDED, "ending": ended.ending, "backend_id": ended.backend_id} | fields,
    )
