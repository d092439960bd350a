"""Helpers of this folder are importable, and the finish matrix shows its table at the end."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from example_runs import Runs
    from finish_matrix.stage import Stage

# pytest's import mode "importlib" leaves test folders off the path.
sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Stage"]:
    """One for the tests of how tasks are finished, as long as it takes to start."""
    from finish_matrix.stage import Stage

    with Stage(tmp_path_factory.mktemp("matrix")) as stage:
        yield stage


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Runs"]:
    """One for the tests of what DAGs do and of what Airflow's pages show."""
    from example_runs import example_runs

    with example_runs(tmp_path_factory.mktemp("examples")) as runs:
        yield runs


@pytest.fixture(scope="session")
def browser() -> str:
    """The Chromium in which pages are looked at."""
    from airflow_pages import find_browser

    from jetbridge_local.site.paths import in_repository

    found = find_browser(in_repository().environment("chromium") / "chromium")
    if found is None:
        pytest.skip(
            "install Chromium, name one in $CHROMIUM, or run scripts/get-chromium on Debian"
        )
    return found


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    from finish_matrix import table

    if table.ROWS:
        terminalreporter.ensure_newline()
        terminalreporter.write(table.as_text())
