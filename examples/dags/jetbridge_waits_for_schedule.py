"""Goes on when the container has ended that an EventBridge schedule runs at the same time.

The schedule starts the run without Airflow (examples/template.yaml, ScheduledReport). A DAG run
waits for the firing at the end of its own data interval, so the two need the same schedule.
"""

import os

import pendulum
from airflow.sdk import DAG, task

from airflow_provider_jetbridge.sensors.run import JobRunSensor

SCHEDULE = os.environ.get(
    "JETBRIDGE_EXAMPLE_SCHEDULE_ARN",
    "arn:aws:scheduler:us-east-1:000000000000:schedule/default/jetbridge-example-report",
)

with DAG(
    "jetbridge_waits_for_schedule",
    schedule="0 6 * * *",
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    tags=["jetbridge"],
):
    scheduled_report = JobRunSensor(
        task_id="scheduled_report", schedule_arn=SCHEDULE, deferrable=True, timeout=3600
    )

    @task
    def use_result(report: dict[str, object]) -> object:
        """Reads what the scheduled container reported."""
        return report["rows"]

    use_result(scheduled_report.output)
