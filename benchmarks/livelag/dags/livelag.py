"""The printing job on each backend."""

from airflow.sdk import DAG

from airflow_provider_jetbridge.operators.batch import BatchOperator
from airflow_provider_jetbridge.operators.ecs import EcsRunTaskOperator

ENVIRONMENT = [
    {"name": name, "value": f"{{{{ dag_run.conf['{name}'] }}}}"} for name in ("lines", "seed")
]

with DAG("livelag_ecs", schedule=None):
    EcsRunTaskOperator(
        task_id="job",
        cluster="jetbridge-example",
        task_definition="jetbridge-example-livelag",
        launch_type="FARGATE",
        overrides={"containerOverrides": [{"name": "main", "environment": ENVIRONMENT}]},
        network_configuration={"awsvpcConfiguration": {"subnets": ["subnet-0example"]}},
    )

with DAG("livelag_batch", schedule=None):
    BatchOperator(
        task_id="job",
        job_name="livelag",
        job_queue="jetbridge-example",
        job_definition="jetbridge-example-livelag",
        container_overrides={"environment": ENVIRONMENT},
    )
