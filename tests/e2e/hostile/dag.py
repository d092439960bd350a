"""Tasks whose logs the test adds a container's lines to."""

import logging

from airflow.sdk import dag, task

# What is printed comes to the log by another way than the marks of groups: on a busy machine it may
# stand in the folded group before.
logger = logging.getLogger(__name__)


@dag(schedule=None)
def hostile() -> None:
    @task
    def shown() -> None:
        logger.info("logged by the task")

    shown.override(task_id="cleaned")()
    shown.override(task_id="raw")()


hostile()
