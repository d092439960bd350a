"""The sleeping job through the amazon provider's own deferrable operators.

Everything is at its default but ``container_name``. Without it the ECS operator would hold its
worker for ten seconds to find it out.
"""

from airflow.providers.amazon.aws.operators.batch import BatchOperator
from airflow.providers.amazon.aws.operators.ecs import EcsRunTaskOperator
from airflow.sdk import DAG

SECONDS = [{"name": "seconds", "value": "{{ dag_run.conf['seconds'] }}"}]
NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-0example"]}}

for name in ("stock", "short_stock"):
    with DAG(f"lag_{name}_ecs", schedule=None):
        EcsRunTaskOperator(
            task_id="job",
            cluster="jetbridge-example",
            task_definition="jetbridge-example-lag",
            launch_type="FARGATE",
            overrides={"containerOverrides": [{"name": "main", "environment": SECONDS}]},
            network_configuration=NETWORK,
            awslogs_group="/jetbridge/example",
            awslogs_stream_prefix="ecs/main",
            container_name="main",
            deferrable=True,
        )

    with DAG(f"lag_{name}_batch", schedule=None):
        BatchOperator(
            task_id="job",
            job_name="lag",
            job_queue="jetbridge-example",
            job_definition="jetbridge-example-lag",
            container_overrides={"environment": SECONDS},
            deferrable=True,
        )
