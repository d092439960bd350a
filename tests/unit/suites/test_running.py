"""Suites side by side: the results of each, and how they end."""

import json
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from suites import __main__ as command
from suites.plan import ROOT, SUITES, TIERS, Suite, UnknownSuite, suites
from suites.report import as_json
from suites.running import Lanes, Ran, Runner

MARKED = """
import pytest
def test_always(): pass
@pytest.mark.nightly
def test_of_the_night(): pass
"""
MEETS = """
import time
from pathlib import Path
def test_meets_the_other():
    Path({mine!r}).touch()
    deadline = time.monotonic() + 60
    while not Path({other!r}).exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
"""
FAILS_ONCE = """
from pathlib import Path
def test_always(): pass
def test_fails_once():
    mark = Path({mark!r})
    again = mark.exists()
    mark.touch()
    assert again
"""
HANGS = """
import time
from pathlib import Path
import pytest
@pytest.fixture
def cleaned():
    yield
    Path({cleaned!r}).touch()
def test_hangs(cleaned):
    Path({began!r}).touch()
    time.sleep(600)
"""


class ThisPython(Suite):
    @property
    def python(self) -> Path:
        return Path(sys.executable)


def suite(tmp_path: Path, name: str, text: str) -> Suite:
    path = tmp_path / f"test_{name}.py"
    path.write_text(text)
    # Without the last, pytest looks for conftest.py in all folders above, /tmp among them.
    options = ("-c", str(ROOT / "pyproject.toml"), "--confcutdir", str(tmp_path))
    return ThisPython(name, "dev", (str(path),), options)


@pytest.fixture(autouse=True)
def bare_pytest(monkeypatch: pytest.MonkeyPatch) -> None:
    """It starts faster without plugins."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")


def run(tmp_path: Path, *some: Suite, tier: str = "push", **options: Any) -> list[Ran]:
    runner = Runner(tmp_path / "folder", tier, **options)
    return runner.run(some, 2, lambda suite: None, lambda ran: None)


def test_a_push_leaves_out_what_is_for_the_night(tmp_path: Path) -> None:
    marked = suite(tmp_path, "marked", MARKED)
    (push,) = run(tmp_path, marked)
    (night,) = run(tmp_path, marked, tier="nightly")
    assert (push.good, push.cases.passed) == (True, 1)
    assert (night.good, night.cases.passed) == (True, 2)


def test_one_that_fails_is_not_run_again(tmp_path: Path) -> None:
    """Not even if it would pass then: a test that needs that is wrong."""
    text = FAILS_ONCE.format(mark=str(tmp_path / "mark"))
    (ran,) = run(tmp_path, suite(tmp_path, "once", text))
    assert (ran.good, ran.cases.passed, ran.cases.failed, ran.cases.reruns) == (False, 1, 1, 0)
    said = json.loads(as_json("push", [ran], 1.0, {}))
    assert (said["good"], said["reruns"]) == (False, 0)


def test_a_suite_of_two_processes_takes_two_lanes() -> None:
    lanes, events = Lanes(3), []
    second = threading.Event()

    def narrow() -> None:
        with lanes.taken(2):
            events.append("two more")
        second.set()

    with lanes.taken(2):
        other = threading.Thread(target=narrow)
        other.start()
        with lanes.taken(1):
            events.append("the third")
    assert second.wait(60)
    other.join()
    assert events == ["the third", "two more"]
    with lanes.taken(5):
        events.append("all there are")
    assert events[-1] == "all there are"


def test_two_run_at_the_same_time_and_keep_their_order(tmp_path: Path) -> None:
    mine, other = str(tmp_path / "mine"), str(tmp_path / "other")
    one = suite(tmp_path, "one", MEETS.format(mine=mine, other=other))
    two = suite(tmp_path, "two", MEETS.format(mine=other, other=mine))
    found = run(tmp_path, one, two)
    assert [(ran.suite.name, ran.good) for ran in found] == [("one", True), ("two", True)]
    assert all(ran.cpu_seconds > 0 for ran in found)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("def test_fails(): assert False", ""),
        ("import os\ndef test_dies(): os._exit(7)", "pytest ended with 7"),
        ("import no_such_module", "pytest ended with 2"),
        ("", "pytest ended with 5"),
    ],
    ids=["fails", "dies", "cannot be imported", "nothing there"],
)
def test_one_that_goes_wrong_is_not_good_and_hurts_no_other(
    tmp_path: Path, text: str, problem: str
) -> None:
    bad, good = run(
        tmp_path,
        suite(tmp_path, "bad", text),
        suite(tmp_path, "good", "def test_passes(): pass"),
    )
    assert (bad.good, bad.problem) == (False, problem)
    assert good.good
    told = json.loads(as_json("push", [bad, good], 1.0, {}))
    assert (told["good"], told["suites"]["good"]["passed"]) == (False, 1)


def test_one_that_hangs_is_interrupted(tmp_path: Path) -> None:
    """By a shell in place of pytest: it begins at once, whatever else the machine does."""
    shell, told = tmp_path / "shell", tmp_path / "told"
    shell.write_text(f"#!/bin/sh\ntrap 'touch {told}; exit 2' INT\nsleep 600 & wait\n")
    shell.chmod(0o700)

    class Hanging(Suite):
        @property
        def python(self) -> Path:
            return shell

    (ran,) = run(tmp_path, Hanging("hangs", "dev", ()), seconds=5)
    assert (ran.good, ran.problem) == (False, "pytest ended with 2")
    assert told.exists()


def test_an_interruption_ends_them_and_their_fixtures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cleaned, began = tmp_path / "cleaned", tmp_path / "began"
    text = HANGS.format(cleaned=str(cleaned), began=str(began))

    def interrupted(*_: object, **__: object) -> None:
        tried = threading.Event()
        while not began.exists():
            tried.wait(0.05)
        raise KeyboardInterrupt

    monkeypatch.setattr("suites.running.wait", interrupted)
    never = suite(tmp_path, "never", "def test_passes(): pass")
    hanging = suite(tmp_path, "hangs", text)
    runner = Runner(tmp_path / "folder", "push")
    with pytest.raises(KeyboardInterrupt):
        runner.run([hanging, never, never], 1, lambda suite: None, lambda ran: None)
    assert cleaned.exists()
    assert not (tmp_path / "folder/never.xml").exists()


def test_names_of_suites_and_tiers(capsys: pytest.CaptureFixture[str]) -> None:
    assert [each.name for each in suites(["stack", "unit"])] == ["stack", "unit"]
    with pytest.raises(UnknownSuite, match=r"no suite 'units'.*unit, shared-airflow"):
        suites(["units"])
    for arguments in ([], ["weekly"], ["push", "units"]):
        assert command.main(arguments) == 2
        assert "There are: " in capsys.readouterr().err


@pytest.mark.parametrize("lanes", ["0", "-1", "two", "", "²"])
def test_a_wrong_number_of_lanes_is_named(
    lanes: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANES", lanes)
    assert command.main(["push", "unit"]) == 2
    assert f"LANES is {lanes!r}; give a whole number" in capsys.readouterr().err


def test_every_test_is_in_one_suite() -> None:
    ignored = {
        option.removeprefix("--ignore=")
        for each in SUITES
        for option in each.options
        if "=" in option
    }
    for path in (ROOT / "tests").rglob("test_*.py"):
        name = path.relative_to(ROOT).as_posix()
        of = [
            each.name
            for each in SUITES
            for part in each.paths
            if name == part or (name.startswith(f"{part}/") and name not in ignored)
        ]
        assert len(of) == 1, (name, of)
    assert set(TIERS) == {"push", "nightly"}
