"""A real Airflow, in its own environment, driven from this one."""

import os
import sys
from pathlib import Path

import pytest

from jetbridge_local.airflow import ProgramMissing, redis_server

# pytest's import mode "importlib" leaves test folders off the path; `stand_in` is in this one.
sys.path.insert(0, str(Path(__file__).parent))

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def airflow_python() -> Path:
    """Of the environment that holds Airflow; AIRFLOW_PYTHON names another version's."""
    python = Path(os.environ.get("AIRFLOW_PYTHON", ROOT / ".venv/airflow/bin/python"))
    assert python.exists(), f"{python} is missing: run `make environments`"
    return python


@pytest.fixture(scope="session")
def celery_python() -> Path:
    """Of the environment that has CeleryExecutor as well."""
    if other := os.environ.get("AIRFLOW_PYTHON"):
        pytest.skip(f"{other} is asked for, and the environment `celery` has an Airflow of its own")
    python = ROOT / ".venv/celery/bin/python"
    assert python.exists(), f"{python} is missing: run `make {python.parents[1]}/ready`"
    return python


@pytest.fixture(scope="session")
def redis() -> Path:
    """The program redis-server."""
    try:
        return redis_server(ROOT / ".venv")
    except ProgramMissing as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def local_python() -> Path:
    return ROOT / ".venv/local/bin/python"


@pytest.fixture(scope="session")
def database_templates() -> Path:
    return ROOT / ".local/airflow-templates"


@pytest.fixture(scope="session")
def dags_folder() -> Path:
    return Path(__file__).parent / "dags"
