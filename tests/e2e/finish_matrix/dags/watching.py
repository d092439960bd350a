"""Tasks that wait for runs which somebody else started, and one that stops a run.

The run's keys and the schedule's firing come with the DAG run's ``conf``.
"""

from airflow.sdk import dag

from airflow_provider_jetbridge.operators.ecs import EcsRunTaskOperator
from airflow_provider_jetbridge.operators.stop import StopRunOperator
from airflow_provider_jetbridge.sensors.run import JobRunSensor

RESCHEDULED = {"mode": "reschedule", "deferrable": False}


def key(name: str) -> str:
    return f"{{{{ dag_run.conf['{name}'] }}}}"


@dag(schedule=None)
def finish_watching():
    JobRunSensor(task_id="deferred", idempotency_key=key("person"), deferrable=True)
    JobRunSensor(
        task_id="rescheduled", idempotency_key=key("person"), poke_interval=20, **RESCHEDULED
    )
    # It looks once, and an hour later.
    by_rest = {"poke_interval": 3600, "timeout": 7200, "finish": "rest", **RESCHEDULED}
    JobRunSensor(task_id="rest", idempotency_key=key("person"), **by_rest)
    JobRunSensor(task_id="rest_fails", idempotency_key=key("failing"), **by_rest)
    JobRunSensor(
        task_id="schedule",
        schedule_arn=key("schedule_arn"),
        scheduled_time=key("scheduled_time"),
        deferrable=True,
    )
    JobRunSensor(task_id="failing", idempotency_key=key("failing"), deferrable=True, retries=3)

    launch = EcsRunTaskOperator(
        task_id="launch",
        cluster="jetbridge-example",
        task_definition="jetbridge-example-matrix",
        launch_type="FARGATE",
        network_configuration={"awsvpcConfiguration": {"subnets": ["subnet-0example"]}},
        overrides={
            "containerOverrides": [
                {
                    "name": "main",
                    "environment": [
                        {"name": "exits", "value": "0"},
                        {"name": "seconds", "value": "600"},
                        {"name": "try_number", "value": "1"},
                    ],
                }
            ]
        },
        wait_for_completion=False,
    )
    run_id = launch.output["run_id"]
    stop = StopRunOperator(task_id="stop", run_ids=run_id, reason="of no more use")
    stopped = JobRunSensor(task_id="stopped", run_id=run_id, deferrable=True)
    launch >> stop >> stopped


finish_watching()
