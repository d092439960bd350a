"""A container that prepares, one that works, and one that tidies up however the work ended."""

import os

from airflow.sdk import DAG

from airflow_provider_jetbridge.operators.ecs import EcsRunTaskOperator

NETWORK = {
    "awsvpcConfiguration": {
        "subnets": os.environ.get("JETBRIDGE_EXAMPLE_SUBNETS", "subnet-0example").split(","),
        "assignPublicIp": "ENABLED",
    }
}


def container(task_id: str) -> EcsRunTaskOperator:
    environment = [
        {"name": "dag_run_ts", "value": "{{ ts }}"},
        {"name": "dag_run_date", "value": f"{task_id} of {{{{ ds }}}}"},
        {"name": "seconds_per_line", "value": "0"},
    ]
    return EcsRunTaskOperator(
        task_id=task_id,
        cluster="jetbridge-example",
        task_definition="jetbridge-example-report",
        launch_type="FARGATE",
        overrides={"containerOverrides": [{"name": "report", "environment": environment}]},
        network_configuration=NETWORK,
    )


with DAG("jetbridge_setup_teardown", schedule=None, tags=["jetbridge"]):
    make_tables = container("make_tables")
    load = container("load")
    drop_tables = container("drop_tables")
    make_tables >> load >> drop_tables.as_teardown(setups=make_tables)
