"""Publishes a waiting task's links from its trigger."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from asgiref.sync import sync_to_async

from airflow_provider_jetbridge.task_instance import Task

log = logging.getLogger(__name__)


async def publish(task: Task, urls: Mapping[str, str]) -> bool:
    """Store a task instance's links, so that Airflow shows them while it is deferred.

    The links are XComs, and a trigger may set XComs (triggerer_job_runner.py,
    ``ToTriggerSupervisor`` has ``SetXCom`` in Airflow 3.0 to 3.3). Airflow's API looks for links in
    its database. So they are stored there with every XCom backend, as Airflow does with a worker's
    links.

    Returns:
        Whether Airflow took all of them. Never raises, because a link must not fail a task.

    A trigger has to await this and not run it as a background task, because it uses the trigger's
    connection to Airflow.
    """
    # Called from a thread that isn't asgiref's, it kills the triggerer of Airflow 3.0. See
    # `triggers.poller`.
    store = sync_to_async(_store)
    for key, url in urls.items():
        try:
            await store(task, key, url)
        except Exception as error:
            log.warning("Link %s of %s could not be stored: %s", key, task, error)
            return False
    return True


def _store(task: Task, key: str, url: str) -> None:
    from airflow.sdk.bases.xcom import BaseXCom

    BaseXCom.set(
        key,
        url,
        dag_id=task.dag_id,
        task_id=task.task_id,
        run_id=task.run_id,
        map_index=task.map_index,
    )
