"""One cell: its environment, the provider's tests in it, and a whole Airflow of it."""

import os
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass

from matrix.cells import ROOT, Cell
from matrix.suite import LINES_OF_A_CRASH, Ran, run_pytest

PROVIDER = ("tests/provider",)
"""Runs inside the cell's environment."""

_FOLDER = "tests/integration/airflow"
REAL = (
    f"{_FOLDER}/test_provider_on_airflow.py",
    f"{_FOLDER}/test_adoption.py",
    f"{_FOLDER}/test_kill.py::test_the_first_kill",
    f"{_FOLDER}/test_kill.py::test_a_marked_task_ends_and_so_does_its_run[failed]",
    f"{_FOLDER}/test_kill.py::test_what_nobody_killed_goes_on_to_its_end",
)
"""Drives an Airflow of the cell's environment from the environment ``dev``: every way in which a
run can end, once each, and what happens to a run whose task is taken away."""

PROVIDER_SECONDS = 1200.0
REAL_SECONDS = 1500.0
INSTALL_SECONDS = 600.0

AMAZON = "from importlib.metadata import version; print(version('apache-airflow-providers-amazon'))"


@dataclass(frozen=True)
class Outcome:
    """``real`` is None where the cell isn't run as a whole Airflow; seconds are of the wall."""

    cell: Cell
    provider: Ran
    real: Ran | None
    amazon: str
    install_seconds: float

    @property
    def good(self) -> bool:
        return self.provider.good and (self.real is None or self.real.good)

    @property
    def failures(self) -> list[str]:
        return self.provider.failures + (self.real.failures if self.real else [])

    @property
    def seconds(self) -> float:
        return (
            self.install_seconds + self.provider.seconds + (self.real.seconds if self.real else 0)
        )


def run_cell(cell: Cell, *, with_real: bool = True) -> Outcome:
    """Never raises for what is wrong with the cell: that is its outcome."""
    began = time.monotonic()
    problem = install(cell)
    installed = time.monotonic() - began
    if problem:
        return Outcome(cell, Ran(failed=1, failures=[problem]), None, "", installed)
    amazon = subprocess.run(
        [cell.interpreter, "-c", AMAZON], capture_output=True, text=True
    ).stdout.strip()
    provider = run_pytest(cell.interpreter, PROVIDER, _environment(), PROVIDER_SECONDS)
    real = _real(cell) if cell.real and with_real else None
    return Outcome(cell, provider, real, amazon, installed)


def install(cell: Cell) -> str:
    """Make the cell's environment by the Makefile; returns what was wrong, "" if nothing was."""
    try:
        made = subprocess.run(
            ["make", "--no-print-directory", str(cell.environment / "ready")],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=INSTALL_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return f"the environment took over {INSTALL_SECONDS:g} s"
    if made.returncode == 0:
        return ""
    lines = (made.stdout + made.stderr).splitlines()[-LINES_OF_A_CRASH:]
    return "\n".join(["the environment could not be made", *lines])


def _real(cell: Cell) -> Ran:
    environment = {**_environment(), "AIRFLOW_PYTHON": str(cell.interpreter)}
    return run_pytest(ROOT / ".venv/dev/bin/python", REAL, environment, REAL_SECONDS)


def _environment() -> Mapping[str, str]:
    """Without what an outer make or Airflow of the shell would bring along."""
    foreign = ("AIRFLOW", "MAKE", "MFLAGS")
    return {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
