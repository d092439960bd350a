"""Tasks whose logs the test adds a container's lines to."""

import logging

from airflow.sdk import dag, task

# Printed lines come to the log by another way than the marks of groups. On a busy machine the
# folded group before may contain them.
logger = logging.getLogger(__name__)


@dag(schedule=None)
def hostile() -> None:
    @task
    def shown() -> None:
        logger.info("logged by the task")

    shown.override(task_id="cleaned")()
    shown.override(task_id="raw")()


hostile()
