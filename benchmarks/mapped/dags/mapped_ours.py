"""Many mapped ECS tasks through Jetbridge."""

import os

from airflow.sdk import DAG

from airflow_provider_jetbridge.operators.ecs import EcsRunTaskOperator

TASKS = int(os.environ["JETBRIDGE_BENCHMARK_TASKS"])
FIRST_TASKS = 12
GATE = os.environ["JETBRIDGE_BENCHMARK_GATE"]
NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-0example"]}}


def overrides(number: int) -> dict[str, list[dict[str, object]]]:
    environment = [
        {"name": "number", "value": str(number)},
        {"name": "gate", "value": GATE},
        {"name": "dag_run", "value": "{{ run_id }}"},
    ]
    return {"containerOverrides": [{"name": "main", "environment": environment}]}


for dag_id, tasks in (("first_ours", FIRST_TASKS), ("mapped_ours", TASKS)):
    with DAG(dag_id, schedule=None):
        EcsRunTaskOperator.partial(
            task_id="job",
            cluster="jetbridge-example",
            task_definition="jetbridge-example-mapped",
            launch_type="FARGATE",
            network_configuration=NETWORK,
            awslogs_group="/jetbridge/example",
            awslogs_stream_prefix="ecs/main",
        ).expand(overrides=[overrides(number) for number in range(tasks)])
