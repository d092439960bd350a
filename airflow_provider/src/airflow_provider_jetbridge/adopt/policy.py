"""The cluster policy that Airflow finds by the entry point ``airflow.policy``.

Every component of Airflow imports this module as it starts (airflow/settings.py,
``load_policy_plugins``), so it imports next to nothing. A DAG with no ECS or Batch task costs a
look into ``sys.modules`` for each of its tasks.
"""

from __future__ import annotations

import sys
from typing import Any

from airflow.policies import hookimpl

MODULES = (
    "airflow.providers.amazon.aws.operators.ecs",
    "airflow.providers.amazon.aws.operators.batch",
)
"""Where a DAG has its stock operators from; if none is imported, it has none."""

applies = True
"""False where DAGs are to be seen as they are written (`check`)."""


@hookimpl(trylast=True)
def task_policy(task: Any) -> None:
    """Adopt a stock task if ``[jetbridge] adopt`` chooses it.

    It comes after all other policies, which see the task as it was written, and may add the tag or
    parameter that opts it out. An error leaves the task as it was and the DAG usable: a policy
    that raises would take every DAG out of Airflow.
    """
    if not applies or not any(module in sys.modules for module in MODULES):
        return
    from airflow_provider_jetbridge.adopt.tasks import apply

    apply(task)
