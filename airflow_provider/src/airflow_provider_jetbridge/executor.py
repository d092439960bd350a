"""Whether Airflow's scheduler may fail a task that resumes early.

"Early" means: before the scheduler knows that the process that deferred the task has ended.

docs/decisions/080 and 091 give the rule for each version and executor, with its places in Airflow's
code.
"""

from __future__ import annotations

import os
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


def runs_in_its_own_pod() -> bool:
    """Whether KubernetesExecutor made a pod for this process.

    It sets this variable in each of its pods (cncf.kubernetes provider, pod_generator.py,
    ``construct_pod``). A pod's ``[core] executor`` says nothing: Airflow's Helm chart sets it to
    ``LocalExecutor`` there.
    """
    return bool(os.environ.get("AIRFLOW_IS_K8S_EXECUTOR_POD"))


def runs_in_a_dag_test() -> bool:
    """Whether ``dag.test()``, ``airflow dags test`` or ``airflow tasks test`` runs the task in its
    own process.

    Airflow then runs the trigger and the resume in the same process, one after the other, and no
    executor reports the task's end (sdk/execution_time/supervisor.py, ``InProcessTestSupervisor``).
    """
    runner = sys.modules.get("airflow.sdk.execution_time.task_runner")
    comms = getattr(runner, "SUPERVISOR_COMMS", None)
    return type(comms).__name__ == "InProcessSupervisorComms"


def may_fail_early_resumes(task: Any) -> bool:
    """Whether an early resume may make Airflow fail the task that runs in this process.

    False for CeleryExecutor from Airflow 3.2.2 on. That executor keeps one result per task. It
    forgets the result of the deferring process when it sends the resumed task. Until then the task
    waits in the executor's queue or is ``scheduled``, and the scheduler fails neither.

    False for KubernetesExecutor. When a pod has succeeded, it reports the state that the database
    has by then, and the scheduler fails a task only if ``success`` or ``failed`` is reported of it.

    False in a test of a DAG or task, which has no executor.

    True for every other executor, and if the executor isn't known.
    """
    if runs_in_its_own_pod() or runs_in_a_dag_test():
        return False
    try:
        airflow = Version(version("apache-airflow-core"))
    except (PackageNotFoundError, InvalidVersion):
        return True
    named = getattr(task, "executor", None) or conf.get("core", "executor", fallback="")
    first = str(named).split(",")[0].strip()
    return airflow < GUARDED_SINCE or first not in CELERY or _CELERY_RUNS not in sys.modules
