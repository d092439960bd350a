"""Tasks that wait for runs which end when the test says so, and all that can befall them."""

import os
import signal
from datetime import timedelta

from airflow.sdk import dag

from airflow_provider_jetbridge.operators.ecs import EcsRunTaskOperator

JOB = {
    "cluster": "cluster",
    "task_definition": "waits",
    "launch_type": "FARGATE",
    "retry_delay": timedelta(0),
    "aws_conn_id": "aws_killed",
}
BURST = 12
DAG_RUN_SECONDS = 75


def waits(task_id: str, **keywords) -> EcsRunTaskOperator:
    return EcsRunTaskOperator(task_id=task_id, overrides={}, **JOB, **keywords)


class DiesBeforeDeferring(EcsRunTaskOperator):
    """Its first try's process ends as if the machine had, when the run has been accepted."""

    def _defer(self, answer, ti, waits_since):
        if ti.try_number == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        super()._defer(answer, ti, waits_since)


@dag(schedule=None)
def killed():
    waits("first")
    waits("marked-failed", retries=2)
    waits("marked-success")
    waits("cleared")
    waits("cleared-reattach", reattach=True)
    waits("goes-on")


@dag(schedule=None)
def killed_together():
    EcsRunTaskOperator.partial(task_id="mapped", **JOB).expand(overrides=[{}] * BURST)


@dag(schedule=None, dagrun_timeout=timedelta(seconds=DAG_RUN_SECONDS))
def run_times_out():
    waits("waits")


@dag(schedule=None)
def run_deleted():
    waits("waits")


@dag(schedule=None)
def dag_deleted():
    waits("waits")


@dag(schedule=None)
def time_is_over():
    waits("stopped-by-jetbridge", execution_timeout=timedelta(minutes=5))


@dag(schedule=None)
def worker_dies():
    for task_id, keywords in {
        "no-retry": {},
        "stops": {"retries": 1},
        "attaches": {"retries": 1, "reattach": True},
    }.items():
        DiesBeforeDeferring(task_id=task_id, overrides={}, **JOB, **keywords)


killed()
killed_together()
run_times_out()
run_deleted()
dag_deleted()
time_is_over()
worker_dies()
