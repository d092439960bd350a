"""Where an early resume is safe, seen from the worker that defers.

On CeleryExecutor from Airflow 3.2.2 on, and in a pod of KubernetesExecutor.
"""

import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.execution_time import task_runner
from airflow.sdk.execution_time.supervisor import InProcessSupervisorComms

from airflow_provider_jetbridge import executor

CELERY = "airflow.providers.celery.executors.celery_executor"


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch) -> Callable[..., bool]:
    """A worker of the version and executor, which Celery began or didn't."""

    def on(
        version: str = "3.3.2",
        configured: str = "CeleryExecutor",
        task: Any = None,
        celery: bool = True,
        pod: str = "",
    ) -> bool:
        monkeypatch.setenv("AIRFLOW_IS_K8S_EXECUTOR_POD", pod)
        monkeypatch.setattr(executor, "version", lambda name: version)
        monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", configured)
        monkeypatch.delitem(sys.modules, f"{CELERY}_utils", raising=False)
        if celery:
            monkeypatch.setitem(sys.modules, f"{CELERY}_utils", ModuleType("utils"))
        return executor.may_fail_early_resumes(SimpleNamespace(executor=task))

    return on


@pytest.mark.parametrize("version", ["3.2.2", "3.2.3", "3.3.0", "3.3.2"])
def test_celery_forgets_the_process_that_deferred(on: Callable[..., bool], version: str) -> None:
    assert not on(version)
    assert not on(version, f"{CELERY}.CeleryExecutor")
    assert not on(version, "LocalExecutor,CeleryExecutor", task="CeleryExecutor")
    assert not on(version, "CeleryExecutor,LocalExecutor")


@pytest.mark.parametrize("version", ["3.0.6", "3.1.8", "3.2.0", "3.2.1", "3.2.2rc1", "unknown"])
def test_before_airflow_3_2_2_it_may_fail_them(on: Callable[..., bool], version: str) -> None:
    assert on(version)


@pytest.mark.parametrize("version", ["3.0.6", "3.1.8", "3.2.1", "3.3.2", "unknown"])
@pytest.mark.parametrize("configured", ["KubernetesExecutor", "LocalExecutor", "CeleryExecutor"])
def test_kubernetes_reports_the_state_that_the_database_has(
    on: Callable[..., bool], version: str, configured: str
) -> None:
    """Whatever the pod's configuration says: Airflow's Helm chart has LocalExecutor there."""
    assert not on(version, configured, celery=False, pod="True")


@pytest.mark.parametrize(
    "worker",
    [
        {"configured": "LocalExecutor"},
        {"configured": "KubernetesExecutor"},
        {"configured": "LocalExecutor,CeleryExecutor"},
        {"configured": "CeleryExecutor,LocalExecutor", "task": "LocalExecutor"},
        {"configured": "my.company.CeleryExecutor"},
        {"configured": "team=CeleryExecutor"},
        {"celery": False},
    ],
)
def test_any_other_executor_may_fail_them(on: Callable[..., bool], worker: dict[str, Any]) -> None:
    assert on(**worker)


@pytest.mark.parametrize("version", ["3.0.6", "3.3.2"])
def test_a_dag_test_has_no_executor(
    on: Callable[..., bool], version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    comms = InProcessSupervisorComms.__new__(InProcessSupervisorComms)
    monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", comms, raising=False)
    assert not on(version, "LocalExecutor")
    monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", object())
    assert on(version, "LocalExecutor")


def test_a_worker_without_airflows_core_cannot_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: Any) -> None:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(executor, "version", version)
    assert executor.may_fail_early_resumes(SimpleNamespace(executor=None))
