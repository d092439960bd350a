"""The results of a run of pytest, however it ended, and how the matrix shows them."""

import io
import json
import sys
from pathlib import Path

import pytest
from rich.console import Console

from matrix import __main__ as command
from matrix import running
from matrix.cells import Cell, cells
from matrix.report import show
from matrix.running import Outcome
from matrix.suite import Ran, run_pytest

ENDINGS = """
import pytest

def test_passes(): pass
def test_fails(): assert False
@pytest.mark.skip(reason="not here")
def test_skipped(): pass
@pytest.fixture
def broken(): raise RuntimeError
def test_has_a_broken_fixture(broken): pass
"""
CELL = cells("3.0-py3.11")[0]


def run(tmp_path: Path, text: str, timeout: float = 60) -> Ran:
    tests = tmp_path / "test_it.py"
    tests.write_text(text)
    arguments = [str(tests), "-p", "no:cacheprovider"]
    # Without plugins it starts faster.
    return run_pytest(
        Path(sys.executable), arguments, {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}, timeout
    )


def test_each_ending_is_counted_and_failures_are_named(tmp_path: Path) -> None:
    ran = run(tmp_path, ENDINGS)
    assert (ran.passed, ran.failed, ran.skipped, ran.good) == (1, 2, 1, False)
    assert [each.rpartition("::")[2] for each in ran.failures] == [
        "test_fails",
        "test_has_a_broken_fixture",
    ]


def test_all_passed_is_good(tmp_path: Path) -> None:
    ran = run(tmp_path, "def test_passes(): pass")
    assert (ran.passed, ran.failed, ran.good) == (1, 0, True)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("import no_such_module", "no_such_module"),
        ("import os\ndef test_dies(): os._exit(7)", "pytest exited with 7"),
        ("", "pytest exited with 5"),
    ],
    ids=["cannot be imported", "dies", "nothing there"],
)
def test_a_suite_that_cannot_run_is_a_failure_that_says_why(
    tmp_path: Path, text: str, says: str
) -> None:
    ran = run(tmp_path, text)
    assert (ran.failed, ran.good) == (1, False)
    assert says in ran.failures[0]


def test_a_suite_that_hangs_is_ended(tmp_path: Path) -> None:
    ran = run(tmp_path, "import time\ndef test_hangs(): time.sleep(600)", timeout=3)
    assert ran.failures[0].startswith("took over 3 s")
    assert ran.seconds < 60


def test_only_skips_are_not_good() -> None:
    assert not Ran(skipped=3).good


def test_what_cannot_be_installed_fails_its_cell() -> None:
    outcome = running.run_cell(Cell("0.0", "3.11"))
    assert not outcome.good
    assert outcome.failures[0].startswith("the environment could not be made\n")
    assert "airflow-0.0" in outcome.failures[0]


def test_a_failing_cell_does_not_end_the_matrix(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def ends(cell: Cell) -> Outcome:
        fails = cell.python == "3.11"
        ran = Ran(failed=1, failures=["tests.it::test_fails"]) if fails else Ran(passed=2)
        return Outcome(cell, ran, None, "9.39.0", 1.0)

    monkeypatch.setattr(command, "run_cell", ends)
    assert command.main(["3.0"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert "3.0-py3.11: tests.it::test_fails" in lines
    result = json.loads(lines[-1])
    assert {name: cell["good"] for name, cell in result["matrix"].items()} == {
        "3.0-py3.11": False,
        "3.0-py3.12": True,
    }
    assert result["good"] is False
    assert command.main(["3.0-py3.12"]) == 0
    assert command.main(["2.11"]) == 2


def test_the_table_shows_a_whole_airflow_beside_the_suite() -> None:
    file = io.StringIO()
    show(
        [Outcome(CELL, Ran(passed=5, skipped=1), Ran(passed=3), "9.39.0", 2.0)],
        Console(file=file, width=160),
    )
    assert "5 / 0 / 1" in file.getvalue()
    assert "3 / 0 / 0" in file.getvalue()
