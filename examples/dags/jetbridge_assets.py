"""A report that is an asset: when its container has succeeded, the DAG that reads it starts."""

from airflow.sdk import DAG, Asset, task

from airflow_provider_jetbridge.operators.batch import BatchOperator

REPORT = Asset("x-jetbridge://example/report")

with DAG("jetbridge_makes_asset", schedule=None, tags=["jetbridge"]):
    BatchOperator(
        task_id="report",
        job_name="report",
        job_queue="jetbridge-example",
        job_definition="jetbridge-example-report",
        container_overrides={
            "environment": [
                {"name": "dag_run_ts", "value": "{{ ts }}"},
                {"name": "dag_run_date", "value": "{{ ds }}"},
            ]
        },
        outlets=[REPORT],
    )

with DAG("jetbridge_reads_asset", schedule=[REPORT], tags=["jetbridge"]):

    @task
    def read(triggering_asset_events: dict[Asset, list[object]]) -> int:
        """How many reports this DAG run is for."""
        return sum(len(events) for events in triggering_asset_events.values())

    read()
