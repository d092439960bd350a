"""A task that waits until a point in time. It shows how long Airflow itself takes to end a deferred
task."""

import time
from typing import Any

from airflow.sdk import DAG, BaseOperator, Context
from due_trigger import DueTrigger


class WaitOperator(BaseOperator):
    """Defers for the seconds that the DAG run's configuration says."""

    def execute(self, context: Context) -> None:
        due = time.time() + context["dag_run"].conf["seconds"]
        context["ti"].xcom_push(key="due", value=due)
        self.defer(trigger=DueTrigger(due), method_name="execute_complete")

    def execute_complete(self, context: Context, event: dict[str, Any] | None = None) -> None:
        """There is nothing to do."""


with DAG("lag_floor", schedule=None):
    WaitOperator(task_id="job")
