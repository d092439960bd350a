"""Containers on ECS and AWS Batch, run through Jetbridge."""

import os
from datetime import timedelta

from airflow.sdk import DAG, task

from airflow_provider_jetbridge.operators.batch import BatchOperator
from airflow_provider_jetbridge.operators.ecs import EcsRunTaskOperator

NETWORK = {
    "awsvpcConfiguration": {
        "subnets": os.environ.get("JETBRIDGE_EXAMPLE_SUBNETS", "subnet-0example").split(","),
        "assignPublicIp": "ENABLED",
    }
}
ENVIRONMENT = [
    {"name": "dag_run_ts", "value": "{{ ts }}"},
    {"name": "dag_run_date", "value": "{{ ds }}"},
]

with DAG("jetbridge_example", schedule=None, tags=["jetbridge"]):
    ecs_report = EcsRunTaskOperator(
        task_id="ecs_report",
        cluster="jetbridge-example",
        task_definition="jetbridge-example-report",
        launch_type="FARGATE",
        overrides={"containerOverrides": [{"name": "report", "environment": ENVIRONMENT}]},
        network_configuration=NETWORK,
        awslogs_group="/jetbridge/example",
        awslogs_stream_prefix="ecs/report",
    )

    batch_report = BatchOperator(
        task_id="batch_report",
        job_name="report",
        job_queue="jetbridge-example",
        job_definition="jetbridge-example-report",
        container_overrides={"environment": ENVIRONMENT},
    )

    flaky = EcsRunTaskOperator(
        task_id="flaky",
        cluster="jetbridge-example",
        task_definition="jetbridge-example-flaky",
        launch_type="FARGATE",
        overrides={
            "containerOverrides": [
                {
                    "name": "flaky",
                    "environment": [{"name": "try_number", "value": "{{ ti.try_number }}"}],
                }
            ]
        },
        network_configuration=NETWORK,
        retries=1,
        retry_delay=timedelta(seconds=1),
    )

    broken = BatchOperator(
        task_id="broken",
        job_name="broken",
        job_queue="jetbridge-example",
        job_definition="jetbridge-example-broken",
        retries=0,
    )

    @task
    def use_result(report: dict[str, object]) -> str:
        """Reads what the container reported."""
        summary = f"{report['rows']} rows on {report['date']}"
        print(summary)
        return summary

    use_result(ecs_report.output)
