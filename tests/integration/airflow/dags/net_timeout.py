"""A task that Airflow gives up, its run not having ended; for the test, sooner than by default."""

from datetime import timedelta

from airflow.sdk import dag

from airflow_provider_jetbridge.operators import run
from airflow_provider_jetbridge.operators.ecs import EcsRunTaskOperator

run.NET_TIMEOUT = timedelta(seconds=20)


@dag(schedule=None)
def net_timeout():
    EcsRunTaskOperator(
        task_id="waits",
        cluster="cluster",
        task_definition="waits",
        launch_type="FARGATE",
        aws_conn_id="aws_killed",
        overrides={},
        execution_timeout=timedelta(seconds=30),
    )


net_timeout()
