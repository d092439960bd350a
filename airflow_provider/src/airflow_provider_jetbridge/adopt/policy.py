"""The cluster policy that Airflow finds by the entry point ``airflow.policy``.

Every component of Airflow imports this module when it starts (airflow/settings.py,
``load_policy_plugins``), so it imports almost nothing. In a DAG without ECS or Batch tasks, the
policy only looks into ``sys.modules`` once for each task.
"""

from __future__ import annotations

import sys
from typing import Any

from airflow.policies import hookimpl

MODULES = (
    "airflow.providers.amazon.aws.operators.ecs",
    "airflow.providers.amazon.aws.operators.batch",
)
"""DAGs import their stock operators from these modules. If none is imported, there are no stock
tasks."""

applies = True
"""`check` sets it to False, because it reads DAGs without adoption."""


@hookimpl(trylast=True)
def task_policy(task: Any) -> None:
    """Adopt a stock task if ``[jetbridge] adopt`` chooses it.

    Airflow calls it after all other policies. They see the unchanged task, and may add the tag or
    parameter that opts it out. An error leaves the task unchanged and the DAG usable, because a
    policy that raises would remove every DAG from Airflow.
    """
    if not applies or not any(module in sys.modules for module in MODULES):
        return
    from airflow_provider_jetbridge.adopt.tasks import apply

    apply(task)
