"""Stock operators in the shapes that DAGs have, as their authors wrote them."""

from airflow.providers.amazon.aws.operators.batch import BatchOperator
from airflow.providers.amazon.aws.operators.ecs import EcsRunTaskOperator
from airflow.sdk import dag, task, task_group
from team import TeamOperator, TellsAfterwards

JOB = {"cluster": "cluster", "task_definition": "waits", "launch_type": "FARGATE"}


def overrides(value: str) -> dict:
    environment = [{"name": "VALUE", "value": value}]
    return {"containerOverrides": [{"name": "main", "environment": environment}]}


@dag(schedule=None, render_template_as_native_obj=True)
def shapes():
    @task
    def plan():
        return overrides("planned")

    @task_group
    def group(planned):
        EcsRunTaskOperator(task_id="taskflow", overrides=planned, **JOB)

    @task
    def seen(arn):
        return f"saw {arn}"

    plain = EcsRunTaskOperator(task_id="plain", overrides=overrides("{{ ds }}"), **JOB)
    seen("{{ ti.xcom_pull('plain', key='ecs_task_arn') }}").set_upstream(plain)
    group(plan())
    TeamOperator(task_id="team", team="{{ dag.dag_id }}", task_definition="waits", overrides={})
    TeamOperator.partial(task_id="mapped", team="blue", task_definition="waits").expand(
        overrides=[overrides("one"), overrides("two")]
    )
    EcsRunTaskOperator(task_id="deferrable", overrides={}, deferrable=True, **JOB)
    BatchOperator(task_id="batch", job_name="job", job_definition="waits", job_queue="queue")
    EcsRunTaskOperator(task_id="opted-out", overrides={}, params={"jetbridge": False}, **JOB)
    TellsAfterwards(task_id="afterwards", overrides={}, **JOB)


@dag(schedule=None, tags=["nightly"])
def by_tag():
    EcsRunTaskOperator(task_id="of-the-tag", overrides={}, **JOB)


@dag(schedule=None, tags=["nightly", "jetbridge:off"])
def opted_out():
    EcsRunTaskOperator(task_id="of-the-quiet-dag", overrides={}, **JOB)


@dag(schedule=None)
def unnamed():
    EcsRunTaskOperator(task_id="of-another-dag", overrides={}, **JOB)


shapes()
by_tag()
opted_out()
unnamed()
