"""A DAG that runs whenever a task that Jetbridge didn't start has updated its asset."""

from airflow.sdk import Asset, dag, get_current_context, task

ORDERS = Asset("s3://lake/orders")


@dag(schedule=[ORDERS])
def asset_of_others():
    @task
    def read():
        events = get_current_context()["triggering_asset_events"][ORDERS]
        return [event.extra for event in events]

    read()


asset_of_others()
