"""The kinds of runs that are measured, as Airflow's tasks ask for them."""

import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks.cost.site import BUCKET, CLUSTER, JOB, JOB_QUEUE, LIVE_JOB

_SUBNETS = {"awsvpcConfiguration": {"subnets": ["subnet-0example"]}}
# The milliseconds of an id of version 7, which Airflow's ids are: a time in the past.
_TI_ID_PREFIX = "0195502b-9d80-7"

Request = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """``request`` makes a start request for a try of its own. ``interrupted``: its first launch is
    taken away. ``lines``: of the container, for the copy to be complete."""

    name: str
    request: Callable[[], Request]
    interrupted: bool = False
    lines: int = 5


def _start(name: str, **parameters: Any) -> Request:
    run_id = f"manual__{uuid.uuid4()}"
    prefix = f"airflow/dag_id=cost/run_id={run_id}/task_id={name}/attempt=1.log"
    return {
        "version": 1,
        "caller": {
            "kind": "airflow",
            "dag_id": "cost",
            "run_id": run_id,
            "task_id": name,
            "try_number": 1,
            "max_tries": 0,
            "ti_id": f"{_TI_ID_PREFIX}{random.getrandbits(12):03x}-8{str(uuid.uuid4())[20:]}",
        },
        "log_target": {"kind": "s3", "bucket": BUCKET, "key_prefix": prefix},
        **parameters,
    }


def _task(job: str = JOB, **environment: str) -> dict[str, Any]:
    task: dict[str, Any] = {
        "cluster": CLUSTER,
        "taskDefinition": job,
        "launchType": "FARGATE",
        "networkConfiguration": _SUBNETS,
    }
    if environment:
        override = {"name": "main", "environment": _pairs(environment)}
        task["overrides"] = {"containerOverrides": [override]}
    return task


def _job(**environment: str) -> dict[str, Any]:
    job: dict[str, Any] = {"jobName": "cost", "jobQueue": JOB_QUEUE, "jobDefinition": JOB}
    if environment:
        job["containerOverrides"] = {"environment": _pairs(environment)}
    return job


def _pairs(environment: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in environment.items()]


def _text(size: int) -> str:
    """Words that compression and masking don't shorten."""
    return " ".join(f"{random.getrandbits(32):08x}" for _ in range(size // 9))


WITHOUT_LIVE = (
    Kind("ecs_minimal", lambda: _start("ecs_minimal", run_task=_task())),
    Kind("ecs_7kb", lambda: _start("ecs_7kb", run_task=_task(payload=_text(7 * 1024)))),
    Kind("batch_minimal", lambda: _start("batch_minimal", submit_job=_job())),
    # AWS allows no such overrides; Jetbridge keeps the environment in S3.
    Kind(
        "batch_25kb",
        lambda: _start(
            "batch_25kb", submit_job=_job(payload=_text(25 * 1024)), offload_environment=True
        ),
    ),
    Kind(
        "ecs_relaunched",
        lambda: _start("ecs_relaunched", run_task=_task(seconds="4")),
        interrupted=True,
    ),
)
"""Through a stack as its parameters are by default, with a log bucket."""

WITH_LIVE = (
    Kind("ecs_live", lambda: _start("ecs_live", run_task=_task(LIVE_JOB, seconds="4"))),
    Kind("ecs_push", lambda: _start("ecs_push", run_task=_task(), finish="push")),
)
"""Through one with live logs and an Airflow that can be called."""
