"""One task for each way in which a run can end. The stand-in acts by the definition's name."""

from datetime import timedelta

from airflow.sdk import dag, task

from airflow_provider_jetbridge.operators.batch import BatchOperator
from airflow_provider_jetbridge.operators.ecs import EcsRunTaskOperator


def ecs(definition: str, **keywords) -> EcsRunTaskOperator:
    return EcsRunTaskOperator(
        **{
            "task_id": definition,
            "cluster": "cluster",
            "task_definition": definition,
            "launch_type": "FARGATE",
            "overrides": {},
            "retry_delay": timedelta(0),
            **keywords,
        }
    )


@dag(schedule=None)
def ways_to_end():
    seed = ecs(
        "succeeds",
        overrides={
            "containerOverrides": [
                {
                    "name": "main",
                    "environment": [
                        {"name": "dag_run_ts", "value": "{{ ts }}"},
                        {"name": "dag_run_date", "value": "{{ ds }}"},
                    ],
                }
            ]
        },
        network_configuration={"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
        awslogs_group="/ecs/succeeds",
        number_logs_exception=25,
    )

    @task
    def downstream(result):
        return f"saw {result['dag_run_date']}"

    downstream(seed.output)
    ecs("fails-once", retries=1)
    ecs("fails-always", retries=1)
    ecs("exits-99", skip_on_exit_code=99)
    ecs("is-refused", retries=2)
    EcsRunTaskOperator.partial(
        task_id="mapped", cluster="cluster", task_definition="succeeds", launch_type="FARGATE"
    ).expand(overrides=[{"containerOverrides": []}, {"containerOverrides": []}])
    ecs("succeeds", task_id="with-stored-connection", aws_conn_id="aws_stored")
    BatchOperator(
        task_id="batch", job_name="job", job_definition="batch-succeeds", job_queue="queue"
    )


ways_to_end()
