"""The sleeping job through Jetbridge, by each way to finish and on each backend; and short ones."""

from airflow.sdk import DAG

from airflow_provider_jetbridge.operators.batch import BatchOperator
from airflow_provider_jetbridge.operators.ecs import EcsRunTaskOperator

SECONDS = [{"name": "seconds", "value": "{{ dag_run.conf['seconds'] }}"}]
NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-0example"]}}

for name, way in (("feed", "feed"), ("push", "push"), ("short_feed", "feed")):
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
            finish=way,
        )

    with DAG(f"lag_{name}_batch", schedule=None):
        BatchOperator(
            task_id="job",
            job_name="lag",
            job_queue="jetbridge-example",
            job_definition="jetbridge-example-lag",
            container_overrides={"environment": SECONDS},
            finish=way,
        )
