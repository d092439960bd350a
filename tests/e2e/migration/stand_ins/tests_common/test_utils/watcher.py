"""A leaf that fails the DAG run when any of its tasks has failed, whatever tears down after it."""

from airflow.sdk import TriggerRule, task


@task(trigger_rule=TriggerRule.ONE_FAILED, retries=0)
def watcher() -> None:
    raise RuntimeError("a task of this DAG run has failed")
