"""Airflow without a database: a home of its own, set before Airflow is imported."""

import os
import sys
import tempfile
from pathlib import Path

# pytest's import mode "importlib" leaves test folders off the path; `fake_aws` is in this one.
sys.path.insert(0, str(Path(__file__).parent))

os.environ["AIRFLOW_HOME"] = tempfile.mkdtemp(prefix="jetbridge-provider-tests-")
os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
os.environ["AIRFLOW__JETBRIDGE__POLL_INTERVAL_SECONDS"] = "0.02"
os.environ["AWS_DEFAULT_REGION"] = "eu-central-1"

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from fake_aws import FakeLambda
from hypothesis import settings

from airflow_provider_jetbridge import aws
from jetbridge.contract import AirflowCaller, Cause, Fault, Outcome, State, to_builtins

# What is slow on a machine with other work is not wrong.
# As in tests/unit/conftest.py.
settings.register_profile("push", deadline=None, max_examples=40)
settings.register_profile("nightly", settings.get_profile("push"), max_examples=500)
settings.load_profile(os.environ.get("JETBRIDGE_PROPERTIES", "push"))

TI_ID = "0199d6a0-7a3e-7c62-9a0e-0d1f6c3d2b11"


class TaskInstance(SimpleNamespace):
    """The part of Airflow's ``RuntimeTaskInstance`` which the operators use."""

    def xcom_push(self, key: str, value: Any) -> None:
        self.xcoms[key] = value


@pytest.fixture
def functions(monkeypatch: pytest.MonkeyPatch) -> FakeLambda:
    """Jetbridge's functions, in place of AWS Lambda's client and of all others."""
    fake = FakeLambda()
    monkeypatch.setattr(aws, "client", lambda access, service, **defaults: fake)
    return fake


@pytest.fixture
def ti() -> TaskInstance:
    return TaskInstance(
        id=TI_ID,
        dag_id="dag",
        run_id="scheduled__2026-01-01T00:00:00+00:00",
        task_id="job",
        map_index=-1,
        try_number=2,
        max_tries=3,
        xcoms={},
    )


@pytest.fixture
def make_outcome() -> Callable[..., Outcome]:
    """Build the outcome of a run of `ti`; keywords replace single fields."""

    def make(**changes: Any) -> Outcome:
        fields: dict[str, Any] = {
            "run_id": "01k8run",
            "state": State.SUCCEEDED,
            "cause": Cause.COMPLETED,
            "fault": Fault.NOBODY,
            "reason": "Essential container in task exited",
            "advice": "",
            "caller": AirflowCaller(
                dag_id="dag",
                run_id="scheduled__2026-01-01T00:00:00+00:00",
                task_id="job",
                try_number=2,
                ti_id=TI_ID,
            ),
            "backend": "ecs",
            "region": "eu-central-1",
            "finished_at": 1_767_225_600.0,
            "backend_id": "arn:aws:ecs:eu-central-1:123456789012:task/c/0f1e",
            "exit_codes": {"main": 0},
        }
        return Outcome(**{**fields, **changes})

    return make


@pytest.fixture
def make_event(make_outcome: Callable[..., Outcome]) -> Callable[..., dict[str, Any]]:
    def make(**changes: Any) -> dict[str, Any]:
        outcome = make_outcome(**changes)
        return {"run_id": outcome.run_id, "outcome": to_builtins(outcome)}

    return make
