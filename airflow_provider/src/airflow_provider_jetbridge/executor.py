"""Whether Airflow's scheduler may fail a task that resumes early.

"Early" means: before the scheduler knows that the process that deferred the task has ended.

docs/decisions/080 gives the rule for each version and executor, with its places in Airflow's code.
"""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from packaging.version import InvalidVersion, Version

from airflow_provider_jetbridge.settings import conf

GUARDED_SINCE = Version("3.2.2")
"""Since this version the scheduler doesn't fail a task that is ``scheduled`` and has a
``next_method`` when its executor reports the end of the deferring process
(``process_executor_events``; apache/airflow#66374)."""

CELERY = frozenset(
    {"CeleryExecutor", "airflow.providers.celery.executors.celery_executor.CeleryExecutor"}
)
_CELERY_RUNS = "airflow.providers.celery.executors.celery_executor_utils"
"""The module of the Celery task that runs Airflow's tasks. Every Celery worker imports it."""


def may_fail_early_resumes(task: Any) -> bool:
    """Whether an early resume may make Airflow fail the task that runs in this process.

    False only for CeleryExecutor from Airflow 3.2.2 on. That executor keeps one result per task. It
    forgets the result of the deferring process when it sends the resumed task. Until then the task
    waits in the executor's queue or is ``scheduled``, and the scheduler fails neither. True for
    every other executor, and if the executor isn't known.
    """
    try:
        airflow = Version(version("apache-airflow-core"))
    except (PackageNotFoundError, InvalidVersion):
        return True
    named = getattr(task, "executor", None) or conf.get("core", "executor", fallback="")
    first = str(named).split(",")[0].strip()
    return airflow < GUARDED_SINCE or first not in CELERY or _CELERY_RUNS not in sys.modules
