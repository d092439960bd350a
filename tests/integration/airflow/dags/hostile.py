"""Tasks whose runs' outcomes carry what Airflow can't, beside tasks whose outcomes are good.

Their triggers are started by the scheduler, so that 150 of them wait without 150 workers.
The test says how many of each kind there are.
"""

import os
from datetime import timedelta

from airflow.sdk import dag
from airflow.triggers.base import StartTriggerArgs

from airflow_provider_jetbridge.operators.ecs import EcsRunTaskOperator

TASKS = int(os.environ.get("JETBRIDGE_HOSTILE", "1"))


class GivenRun(EcsRunTaskOperator):
    """Waits for the run that is named after it, and takes it for its own try's."""

    def __init__(self, **keywords):
        super().__init__(**keywords)
        self.start_from_trigger = True
        self.start_trigger_args = StartTriggerArgs(
            trigger_cls="airflow_provider_jetbridge.triggers.run.JetbridgeRunTrigger",
            trigger_kwargs={
                "run_id": f"run-of-{self.task_id}",
                "outcomes_table": "outcomes",
                "region_name": "us-east-1",
                "deferred_at": 0.0,
                "aws_conn_id": self.aws_conn_id,
            },
            next_method="execute_complete",
        )

    def execute_complete(self, context, event=None):
        ti = context["ti"]
        return super().execute_complete(
            context, (event or {}) | {"attached_try": [str(ti.id), ti.try_number]}
        )


@dag(schedule=None)
def hostile():
    for number in range(TASKS):
        for kind in ("control", "healthy", "hostile"):
            GivenRun(
                task_id=f"job-{number}-{kind}",
                cluster="cluster",
                task_definition="waits",
                overrides={},
                launch_type="FARGATE",
                aws_conn_id="aws_hostile",
                retries=1,
                retry_delay=timedelta(0),
            )


hostile()
