"""Runs that fail inside Airflow's own constructs: teardowns, mapped tasks, asset outlets."""

from datetime import timedelta

from airflow.sdk import DAG, Asset

from airflow_provider_jetbridge.operators.ecs import EcsRunTaskOperator

NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-0example"]}}
KEYWORDS = {
    "cluster": "jetbridge-example",
    "task_definition": "jetbridge-example-exits",
    "launch_type": "FARGATE",
    "network_configuration": NETWORK,
    "retry_delay": timedelta(0),
}


def exits(*codes: int) -> dict:
    """Overrides: the exit code of each try."""
    variables = {
        "exits": ",".join(map(str, codes)),
        "seconds": "0",
        "try_number": "{{ ti.try_number }}",
    }
    environment = [{"name": name, "value": value} for name, value in variables.items()]
    return {"containerOverrides": [{"name": "main", "environment": environment}]}


with DAG("teardown_after_failure", schedule=None):
    setup = EcsRunTaskOperator(task_id="setup", overrides=exits(0), **KEYWORDS).as_setup()
    fails = EcsRunTaskOperator(
        task_id="fails",
        overrides=exits(5),
        outlets=[Asset("x-jetbridge://features/never")],
        **KEYWORDS,
    )
    never = EcsRunTaskOperator(task_id="never", overrides=exits(0), **KEYWORDS)
    teardown = EcsRunTaskOperator(task_id="teardown", overrides=exits(0), **KEYWORDS)
    setup >> fails >> never >> teardown.as_teardown(setups=setup)

with DAG("mapped_one_fails", schedule=None):
    EcsRunTaskOperator.partial(task_id="mapped", retries=1, **KEYWORDS).expand(
        # The second is well on its second try, the third never.
        overrides=[exits(0), exits(4, 0), exits(6)]
    )

with DAG("asset_on_second_try", schedule=None):
    EcsRunTaskOperator(
        task_id="makes",
        retries=1,
        overrides=exits(3, 0),
        outlets=[Asset("x-jetbridge://features/made")],
        **KEYWORDS,
    )
