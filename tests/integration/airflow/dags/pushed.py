"""Tasks that wait for an outcome which the test pushes."""

import time
from datetime import timedelta

from airflow.sdk import dag

from airflow_provider_jetbridge.operators.ecs import EcsRunTaskOperator

RESUMED_SECONDS = 8


class Slow(EcsRunTaskOperator):
    """Shows the event with which it is resumed, and takes its time over it."""

    def execute_complete(self, context, event=None):
        context["ti"].xcom_push(key="event", value=event)
        time.sleep(RESUMED_SECONDS)
        return super().execute_complete(context, event)


@dag(schedule=None)
def pushed():
    job = {"cluster": "cluster", "task_definition": "waits", "launch_type": "FARGATE"}
    job |= {"overrides": {}, "retry_delay": timedelta(0)}
    EcsRunTaskOperator(task_id="concurrent", **job)
    EcsRunTaskOperator(task_id="fails-once", retries=1, **job)
    EcsRunTaskOperator(task_id="is-cleared", **job)
    EcsRunTaskOperator(task_id="attached", **job)
    EcsRunTaskOperator(task_id="starts-slowly", **job)
    Slow(task_id="resumes-slowly", **job)


pushed()
