"""A DAG of the amazon provider's operators, as it would run without Jetbridge.

`jetbridge adopt check examples/adopt` says what adoption would make of it (docs/how-to/adopt.md).
"""

from datetime import timedelta

from airflow.providers.amazon.aws.operators.batch import BatchOperator
from airflow.providers.amazon.aws.operators.ecs import EcsRunTaskOperator
from airflow.sdk import DAG


class TracedOperator(EcsRunTaskOperator):
    """Adds the DAG run's id to what the container gets."""

    def execute(self, context):
        for container in self.overrides.get("containerOverrides", []):
            trace = {"name": "TRACE_ID", "value": context["run_id"]}
            container.setdefault("environment", []).append(trace)
        return super().execute(context)


class ArchivedOperator(EcsRunTaskOperator):
    """Does something behind the end, which no deferred task can: it stays as it is."""

    def execute(self, context):
        super().execute(context)
        self.log.info("archived")


with DAG("nightly_reports", schedule=None, tags=["nightly"]):
    extract = TracedOperator(
        task_id="extract",
        cluster="etl",
        task_definition="extract",
        launch_type="FARGATE",
        overrides={"containerOverrides": [{"name": "extract"}]},
        network_configuration={"awsvpcConfiguration": {"subnets": ["subnet-0example"]}},
        awslogs_group="/ecs/extract",
        awslogs_stream_prefix="ecs/extract",
        execution_timeout=timedelta(hours=1),
        retries=2,
    )
    report = BatchOperator.partial(
        task_id="report", job_name="report", job_definition="report", job_queue="reports"
    ).expand(parameters=[{"country": "de"}, {"country": "fr"}])
    archive = ArchivedOperator(
        task_id="archive", cluster="etl", task_definition="archive:3", overrides={}
    )
    cleanup = EcsRunTaskOperator(
        task_id="cleanup",
        cluster="etl",
        task_definition="cleanup",
        overrides={},
        params={"jetbridge": False},
    )
    extract >> report >> [archive, cleanup]
