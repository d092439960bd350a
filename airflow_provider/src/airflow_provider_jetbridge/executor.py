"""Whether Airflow's scheduler may fail a task that is resumed before the process that deferred it
is known to have ended.

docs/decisions/080 has what decides it, by version and executor, with the places in Airflow's code.
"""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from packaging.version import InvalidVersion, Version

from airflow_provider_jetbridge.settings import conf

GUARDED_SINCE = Version("3.2.2")
"""Since then the scheduler lets a task be that is ``scheduled`` with a ``next_method`` when its
executor reports the deferring process (``process_executor_events``; apache/airflow#66374)."""

CELERY = frozenset(
    {"CeleryExecutor", "airflow.providers.celery.executors.celery_executor.CeleryExecutor"}
)
_CELERY_RUNS = "airflow.providers.celery.executors.celery_executor_utils"
"""The module whose Celery task runs Airflow's tasks, so a worker of Celery's has it."""


def may_fail_early_resumes(task: Any) -> bool:
    """Whether this task, which runs in this process, may be failed by an early resume.

    False for CeleryExecutor from Airflow 3.2.2 on alone. It asks for one result per task: that of
    the deferring process is forgotten when the resumed one is sent, and while it isn't, the task
    waits in the executor's queue, or is ``scheduled``; each of these the scheduler lets be. With
    every other executor, and wherever this isn't known, it is true.
    """
    try:
        airflow = Version(version("apache-airflow-core"))
    except (PackageNotFoundError, InvalidVersion):
        return True
    named = getattr(task, "executor", None) or conf.get("core", "executor", fallback="")
    first = str(named).split(",")[0].strip()
    return airflow < GUARDED_SINCE or first not in CELERY or _CELERY_RUNS not in sys.modules
