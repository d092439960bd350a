"""One task that prints and returns something, and one that sleeps until it is ended."""

import time

from airflow.sdk import dag, task


@dag(schedule=None)
def trivial():
    @task
    def numbers(**context):
        print("hello from", context["run_id"])
        return {"a": [1, 2]}

    @task
    def double(number: int) -> int:
        return 2 * number

    numbers() >> double.expand(number=[1, 2])


@dag(schedule=None)
def endless():
    @task
    def sleep():
        time.sleep(3600)

    sleep()


trivial()
endless()
