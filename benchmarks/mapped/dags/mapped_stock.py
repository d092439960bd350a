"""The same tasks through the amazon provider's own operator, deferrable.

Everything is at its default but ``container_name``. Without it the operator would hold its worker
for ten seconds to find it out.
"""

import os

from airflow.providers.amazon.aws.operators.ecs import EcsRunTaskOperator
from airflow.sdk import DAG

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


for dag_id, tasks in (("first_stock", FIRST_TASKS), ("mapped_stock", TASKS)):
    with DAG(dag_id, schedule=None):
        EcsRunTaskOperator.partial(
            task_id="job",
            cluster="jetbridge-example",
            task_definition="jetbridge-example-mapped",
            launch_type="FARGATE",
            network_configuration=NETWORK,
            awslogs_group="/jetbridge/example",
            awslogs_stream_prefix="ecs/main",
            container_name="main",
            deferrable=True,
        ).expand(overrides=[overrides(number) for number in range(tasks)])
