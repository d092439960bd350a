"""Tasks whose logs the test adds a container's lines to."""

from airflow.sdk import dag, task


@dag(schedule=None)
def hostile():
    @task
    def shown():
        print("printed by the task")

    shown.override(task_id="cleaned")()
    shown.override(task_id="raw")()


hostile()
