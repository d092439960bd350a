"""Many tasks at once whose runs have ended before they are deferred."""

from airflow.sdk import dag

from airflow_provider_jetbridge.operators.ecs import EcsRunTaskOperator

TASKS = 20


@dag(schedule=None)
def race():
    EcsRunTaskOperator.partial(
        task_id="job", cluster="cluster", task_definition="ends", launch_type="FARGATE"
    ).expand(overrides=[{}] * TASKS)


race()
