"""Reports that pytest itself has written."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from suites.junit import cases

TESTS = """
import pytest

def test_passes(): pass
def test_fails(): assert False
@pytest.mark.skip(reason="not here")
def test_skipped(): pass
@pytest.mark.parametrize("number", [1, 2])
def test_twice(number): pass
@pytest.fixture
def broken(): raise RuntimeError
def test_has_a_broken_fixture(broken): pass
"""


@pytest.fixture
def report(tmp_path: Path) -> Path:
    (tmp_path / "test_it.py").write_text(TESTS)
    options = ["-q", "--rootdir", str(tmp_path), "-p", "no:cacheprovider"]
    path = tmp_path / "report.xml"
    called = [sys.executable, "-m", "pytest", *options, f"--junit-xml={path}", str(tmp_path)]
    # It starts faster without plugins.
    environment = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    assert subprocess.run(called, capture_output=True, env=environment).returncode == 1
    return path


def test_each_ending_is_counted(report: Path) -> None:
    found = cases(report)
    assert (found.passed, found.failed, found.skipped, found.reruns) == (3, 2, 1, 0)
    assert [each.rpartition("::")[2] for each in found.failures] == [
        "test_fails",
        "test_has_a_broken_fixture",
    ]


def test_what_ran_again_is_a_rerun_and_one_test(report: Path) -> None:
    """As a plugin would write it that gives tests another try."""
    again = '<testcase classname="test_it" name="test_passes" />'
    text = report.read_text().replace("</testsuite>", f"{again}</testsuite>")
    report.write_text(text)
    found = cases(report)
    assert (found.passed, found.reruns) == (3, 1)
