"""A real Airflow, in its own environment, driven from this one."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from jetbridge_local.airflow import ProgramMissing, redis_server

# pytest's import mode "importlib" leaves test folders off the path; `stand_in` is in this one.
sys.path.insert(0, str(Path(__file__).parent))

if TYPE_CHECKING:
    from shared_airflow import SharedAirflow

ROOT = Path(__file__).parents[3]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those that share an Airflow come last, so that it is up for no longer than they run."""
    from shared_airflow import IN_ORDER

    order = {name: number for number, name in enumerate(IN_ORDER)}
    items.sort(key=lambda item: order.get(item.path.stem, -1))


@pytest.fixture(scope="session")
def shared(
    tmp_path_factory: pytest.TempPathFactory,
    local_python: Path,
    airflow_python: Path,
    database_templates: Path,
) -> Iterator["SharedAirflow"]:
    from shared_airflow import shared_airflow

    folder = tmp_path_factory.mktemp("shared")
    with shared_airflow(folder, local_python, airflow_python, database_templates) as shared:
        yield shared


@pytest.fixture(scope="session")
def airflow_python() -> Path:
    """The Python of the environment that has Airflow. AIRFLOW_PYTHON names another version's."""
    python = Path(os.environ.get("AIRFLOW_PYTHON", ROOT / ".venv/airflow/bin/python"))
    assert python.exists(), f"{python} is missing: run `make environments`"
    return python


@pytest.fixture(scope="session")
def celery_python() -> Path:
    """The Python of the environment that has CeleryExecutor, too."""
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
def dags_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Make a folder with only these DAG files: Airflow starts a process for each."""

    def folder(*names: str) -> Path:
        made = tmp_path_factory.mktemp("dags")
        for name in names:
            shutil.copy(Path(__file__).parent / "dags" / f"{name}.py", made)
        return made

    return folder
