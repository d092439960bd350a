"""Reads back how the runs went: from Airflow, from ECS and Batch, from Jetbridge's outcomes."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from benchmarks.lag.measurements import Measurement, Missing, Passage, TaskEnd, measure, passage
from benchmarks.lag.plan import Kind, PlannedRun
from benchmarks.lag.sending import TASK
from benchmarks.lag.site import CLUSTER
from jetbridge_local.airflow import AirflowClient
from jetbridge_local.site.outcomes import Finished, OutcomesTable
from jetbridge_local.site.stack import Stack

_DESCRIBED_AT_ONCE = 100
# Where each operator puts AWS's id of its job.
_ECS, _BATCH = "ecs_task_arn", "batch_job_id"
_JOB_ID_KEYS = {
    Kind.FEED_ECS: _ECS,
    Kind.PUSH_ECS: _ECS,
    Kind.STOCK_ECS: _ECS,
    Kind.SHORT_FEED_ECS: _ECS,
    Kind.SHORT_STOCK_ECS: _ECS,
    Kind.FEED_BATCH: _BATCH,
    Kind.PUSH_BATCH: _BATCH,
    Kind.SHORT_FEED_BATCH: _BATCH,
    Kind.STOCK_BATCH: "return_value",
    Kind.SHORT_STOCK_BATCH: "return_value",
}


def read_back(
    client: AirflowClient, stack: Stack, runs: Sequence[PlannedRun], since: float
) -> list[Measurement | Missing]:
    """Each run, measured or missing, in the order of ``runs``."""
    tasks = {run: _task_end(client, run) for run in runs}
    jobs = {
        run: str(_xcom(client, run, _JOB_ID_KEYS[run.kind]) or "")
        for run in runs
        if run.kind.backend
    }
    stopped = stopped_tasks(stack, (jobs[run] for run in jobs if run.kind.backend == "ecs"))
    stopped |= stopped_jobs(stack, (jobs[run] for run in jobs if run.kind.backend == "batch"))
    moments = {
        run: stopped.get(jobs[run]) if run in jobs else _xcom(client, run, "due") for run in runs
    }
    finished = {each.run_id: each for each in _outcomes(stack)}
    calls = stack.cloud.calls(since)
    passages = {
        run: _passage(client, run, moments[run], finished, calls) for run in runs if run.kind.ours
    }
    return [measure(run, tasks[run], moments[run], passages.get(run)) for run in runs]


def stopped_tasks(stack: Stack, arns: Iterable[str]) -> dict[str, float]:
    """When ECS says that tasks stopped, by ARN."""
    ecs = stack.client("ecs")
    return {
        task["taskArn"]: task["stoppedAt"].timestamp()
        for some in itertools.batched(filter(None, arns), _DESCRIBED_AT_ONCE, strict=False)
        for task in ecs.describe_tasks(cluster=CLUSTER, tasks=some)["tasks"]
        if "stoppedAt" in task
    }


def stopped_jobs(stack: Stack, ids: Iterable[str]) -> dict[str, float]:
    """When Batch says that jobs stopped, by id."""
    batch = stack.client("batch")
    return {
        job["jobId"]: job["stoppedAt"] / 1000
        for some in itertools.batched(filter(None, ids), _DESCRIBED_AT_ONCE, strict=False)
        for job in batch.describe_jobs(jobs=some)["jobs"]
        if "stoppedAt" in job
    }


def _task_end(client: AirflowClient, run: PlannedRun) -> TaskEnd | None:
    for task in client.tasks(run.kind.dag_id, run.name):
        return TaskEnd(
            state=task.state,
            started=_epoch(task.start_date),
            resumed=_epoch(task.scheduled_when),
            queued=_epoch(task.queued_when),
            ended=_epoch(task.end_date),
        )
    return None


def _xcom(client: AirflowClient, run: PlannedRun, key: str) -> Any:
    return client.xcom(run.kind.dag_id, run.name, TASK, key)


def _outcomes(stack: Stack) -> list[Finished]:
    _, table = stack.resources["OutcomesTable"]
    return OutcomesTable(stack.client("dynamodb"), table).all()


def _passage(
    client: AirflowClient,
    run: PlannedRun,
    stopped: float | None,
    finished: Mapping[str, Finished],
    calls: Sequence[Mapping[str, Any]],
) -> Passage | None:
    run_id = str(_xcom(client, run, "run_id"))
    if stopped is None or run_id not in finished:
        return None
    outcome = finished[run_id].outcome
    streams = [stream["stream"] for stream in outcome.get("log_streams", [])]
    return passage(
        run_id,
        stopped,
        pushed=run.kind.pushed,
        sealed=outcome["finished_at"],
        streams=streams,
        calls=calls,
    )


def _epoch(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()
