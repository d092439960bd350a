"""Coverage as each of the two tools measures it, of a package that is run in part."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from suites.coverage import coverage, measuring
from suites.plan import SUITES, Package, Suite
from suites.report import as_json

MODULE = """
def sign(number):
    if number < 0:
        return "-"
    return "+"
"""
HERE = """
import measured
def test_plus(): assert measured.sign(1) == "+"
"""
THERE = """
import subprocess, sys
def test_plus():
    script = "import measured; assert measured.sign(1) == '+'"
    subprocess.run([sys.executable, "-c", script], check=True)
"""


@dataclass(frozen=True)
class Parts:
    suite: Suite
    command: list[str]


def parts(folder: Path, text: str, *, processes: bool) -> Parts:
    (folder / "src/measured").mkdir(parents=True)
    (folder / "src/measured/__init__.py").write_text(MODULE)
    (folder / "test_it.py").write_text(text)
    package = Package("mine", "measured", str(folder / "src"))
    suite = Suite("some", "dev", (), measured=package, processes=processes)
    before, after = measuring(suite, folder)
    options = ["-q", "-p", "no:cacheprovider", "--rootdir", str(folder), *after]
    return Parts(suite, [sys.executable, *before, "-m", "pytest", *options, str(folder)])


@pytest.mark.parametrize(
    ("text", "processes", "further"),
    [(HERE, False, []), (HERE, False, ["-n", "2"]), (THERE, True, [])],
    ids=["in its process", "in two workers", "in a process of the test"],
)
def test_what_was_run_is_counted(
    tmp_path: Path, text: str, processes: bool, further: list[str]
) -> None:
    """One of four statements isn't run, and one of two branches."""
    made = parts(tmp_path, text, processes=processes)
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SLIPCOVER", "PYTEST", "COV"))
    }
    variables = {"PYTHONPATH": str(tmp_path / "src"), "COVERAGE_FILE": str(tmp_path / "data")}
    done = subprocess.run(
        [*made.command, *further], env=inherited | variables, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert coverage(tmp_path, [made.suite]) == {"mine": {"statements": 75.0, "branches": 50.0}}


def test_an_old_report_is_not_counted(tmp_path: Path) -> None:
    (tmp_path / "coverage.some.json").write_text("{}")
    made = parts(tmp_path, HERE, processes=False)
    assert coverage(tmp_path, [made.suite]) == {}


def test_core_and_provider_are_measured_by_one_suite_each() -> None:
    names = [each.measured.name for each in SUITES if each.measured]
    assert sorted(names) == ["core", "provider"]
    assert json.loads(as_json("push", [], 1.0, {}))["coverage"] == {}
