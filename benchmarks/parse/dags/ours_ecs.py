"""A small DAG with one ECS task."""

from airflow.sdk import DAG

from airflow_provider_jetbridge.operators.ecs import EcsRunTaskOperator

with DAG("small", schedule=None):
    EcsRunTaskOperator(
        task_id="job",
        cluster="cluster",
        task_definition="report",
        launch_type="FARGATE",
        overrides={"containerOverrides": []},
        deferrable=True,
    )
