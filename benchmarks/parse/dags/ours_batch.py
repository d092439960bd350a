"""A small DAG with one Batch job."""

from airflow.sdk import DAG

from airflow_provider_jetbridge.operators.batch import BatchOperator

with DAG("small", schedule=None):
    BatchOperator(
        task_id="job",
        job_name="report",
        job_queue="queue",
        job_definition="report",
        deferrable=True,
    )
