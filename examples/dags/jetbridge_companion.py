"""A container that runs beside other tasks, and is stopped when they are through."""

import os

from airflow.sdk import DAG, task

from airflow_provider_jetbridge.operators.ecs import EcsRunTaskOperator
from airflow_provider_jetbridge.operators.stop import StopRunOperator

NETWORK = {
    "awsvpcConfiguration": {
        "subnets": os.environ.get("JETBRIDGE_EXAMPLE_SUBNETS", "subnet-0example").split(","),
        "assignPublicIp": "ENABLED",
    }
}
ENVIRONMENT = [
    {"name": "dag_run_ts", "value": "{{ ts }}"},
    {"name": "dag_run_date", "value": "{{ ds }}"},
    # Nobody waits for its end: it would take five hours.
    {"name": "seconds_per_line", "value": "3600"},
]

with DAG("jetbridge_companion", schedule=None, tags=["jetbridge"]):
    companion = EcsRunTaskOperator(
        task_id="companion",
        cluster="jetbridge-example",
        task_definition="jetbridge-example-report",
        launch_type="FARGATE",
        overrides={"containerOverrides": [{"name": "report", "environment": ENVIRONMENT}]},
        network_configuration=NETWORK,
        wait_for_completion=False,
    )

    @task
    def work() -> str:
        """Something that needs the companion."""
        return "done"

    stop_companion = StopRunOperator(
        task_id="stop_companion",
        run_ids="{{ ti.xcom_pull(task_ids='companion', key='run_id') }}",
        reason="the work is done",
    )

    companion >> work() >> stop_companion.as_teardown(setups=companion)
