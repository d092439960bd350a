"""Many tasks that wait for runs which end when the test says so."""

from airflow.sdk import dag

from airflow_provider_jetbridge.operators.ecs import EcsRunTaskOperator

FEED = 40


@dag(schedule=None)
def feed():
    EcsRunTaskOperator.partial(
        task_id="mapped",
        cluster="cluster",
        task_definition="waits",
        launch_type="FARGATE",
        aws_conn_id="aws_feed",
    ).expand(overrides=[{}] * FEED)


feed()
