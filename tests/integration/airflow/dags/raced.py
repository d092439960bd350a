"""Many tasks whose runs have ended before they are deferred."""

from airflow.sdk import dag

from airflow_provider_jetbridge.operators.ecs import EcsRunTaskOperator

TASKS = 8


@dag(schedule=None)
def raced():
    EcsRunTaskOperator.partial(
        task_id="mapped", cluster="cluster", task_definition="succeeds", launch_type="FARGATE"
    ).expand(overrides=[{}] * TASKS)


raced()
