"""A small DAG with one ECS task."""

from airflow.providers.amazon.aws.operators.ecs import EcsRunTaskOperator
from airflow.sdk import DAG

with DAG("small", schedule=None):
    EcsRunTaskOperator(
        task_id="job",
        cluster="cluster",
        task_definition="report",
        launch_type="FARGATE",
        overrides={"containerOverrides": []},
        deferrable=True,
    )
