"""One container for each item of a list that a task makes, and what they reported together."""

from airflow.sdk import DAG, task

from airflow_provider_jetbridge.operators.batch import BatchOperator

with DAG("jetbridge_mapped", schedule=None, tags=["jetbridge"]):

    @task
    def days() -> list[dict[str, object]]:
        """Overrides of SubmitJob, one for each day that has to be reported."""
        return [
            {
                "environment": [
                    {"name": "dag_run_ts", "value": f"2026-11-{day}T00:00:00+00:00"},
                    {"name": "dag_run_date", "value": f"2026-11-{day}"},
                ]
            }
            for day in (21, 22, 23)
        ]

    reports = BatchOperator.partial(
        task_id="report",
        job_name="report",
        job_queue="jetbridge-example",
        job_definition="jetbridge-example-report",
        max_active_tis_per_dag=2,
    ).expand(container_overrides=days())

    @task
    def total(reports: list[dict[str, int]]) -> int:
        """All rows of all days."""
        return sum(report["rows"] for report in reports)

    total(reports.output)
