"""A small DAG with one Batch job."""

from airflow.providers.amazon.aws.operators.batch import BatchOperator
from airflow.sdk import DAG

with DAG("small", schedule=None):
    BatchOperator(
        task_id="job",
        job_name="report",
        job_queue="queue",
        job_definition="report",
        deferrable=True,
    )
