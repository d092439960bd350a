"""The DAG whose task waits in many instances; `benchmarks/feed/seed.py` defers them."""

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import dag


@dag(schedule=None)
def feed():
    EmptyOperator(task_id="waits")


feed()
