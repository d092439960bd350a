"""Runs and outcomes as a stack's tables hold them."""

from typing import Any

from msgspec.structs import replace

from jetbridge.contract import (
    AirflowCaller,
    Caller,
    Cause,
    Fault,
    LogStream,
    Outcome,
    PersonCaller,
    ScheduleCaller,
    StartRequest,
    State,
    run_id_of,
)
from jetbridge.runs.run import Definition, LogSource, Run

NOW = 1_795_395_600.0
SECRET = "hunter2"
GROUP = "/etl"
REPORT = "arn:aws:ecs:eu-west-1:123456789012:task-definition/report:7"
CLUSTER_TASK = "arn:aws:ecs:eu-west-1:123456789012:task/etl/0f9de17a6465404e8b1b2356dc13c2f8"


def airflow(dag: str = "sales", task: str = "report", try_number: int = 1) -> AirflowCaller:
    return AirflowCaller(
        dag_id=dag,
        run_id="scheduled__2026-11-23T00:00:00+00:00",
        task_id=task,
        try_number=try_number,
        ti_id="019ab0c5-5f0f-7e0c-8a34-5d6e1c2b3a49",
    )


def schedule(name: str = "nightly") -> ScheduleCaller:
    return ScheduleCaller(
        schedule_arn=f"arn:aws:scheduler:eu-west-1:123456789012:schedule/default/{name}",
        scheduled_time="2026-11-23T00:00:00Z",
    )


def run_of(key: str, caller: Caller | None = None, **fields: Any) -> Run:
    """A run as it was accepted."""
    request = StartRequest(
        caller=caller or PersonCaller("ada"),
        idempotency_key=key,
        run_task={
            "cluster": "etl",
            "taskDefinition": "report",
            "launchType": "FARGATE",
            "overrides": {
                "containerOverrides": [
                    {"name": "main", "environment": [{"name": "TOKEN", "value": SECRET}]}
                ]
            },
        },
    )
    known: dict[str, Any] = {
        "run_id": run_id_of(request.key),
        "request": request,
        "created_at": NOW,
        "definition": Definition(
            arn=REPORT,
            log_sources=[
                LogSource(container="main", driver="awslogs", group=GROUP, prefix="ecs"),
            ],
        ),
    }
    return Run(**known | fields)


def outcome_of(run: Run, *, at: float = 60, **fields: Any) -> Outcome:
    """The outcome of a run that was sealed ``seconds`` after ``NOW``."""
    known: dict[str, Any] = {
        "run_id": run.run_id,
        "state": State.SUCCEEDED,
        "cause": Cause.COMPLETED,
        "fault": Fault.NOBODY,
        "reason": "Essential container in task exited",
        "advice": "",
        "caller": run.caller,
        "backend": "ecs",
        "region": "eu-west-1",
        "finished_at": NOW + at,
        "backend_id": CLUSTER_TASK,
        "cluster": "etl",
        "definition": REPORT,
        "exit_codes": {"main": 0},
        "log_streams": [
            LogStream(
                container="main",
                group=GROUP,
                stream=f"ecs/main/{CLUSTER_TASK.rpartition('/')[2]}",
                region="eu-west-1",
            )
        ],
        "started_at": "2026-11-23T01:00:07.120Z",
        "stopped_at": "2026-11-23T01:00:09.840Z",
    }
    return Outcome(**known | fields)


def failed(outcome: Outcome, cause: Cause = Cause.APPLICATION_EXIT, code: int = 3) -> Outcome:
    return replace(
        outcome, state=State.FAILED, cause=cause, fault=Fault.JOB, exit_codes={"main": code}
    )
