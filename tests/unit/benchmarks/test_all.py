"""``make bench``: one benchmark or all, what happens with broken ones, and the file of results."""

import json
from pathlib import Path
from typing import Any

import pytest
from rich.table import Table

from benchmarks import __main__ as command
from benchmarks import record
from benchmarks.errors import BenchmarkFailed
from benchmarks.result import Result
from benchmarks.size import UnknownSize, sized
from jetbridge_local.site.paths import Paths


class NoWorkspace:
    def __init__(self, *_: object) -> None: ...

    def open(self) -> None: ...

    def close(self) -> None: ...


def fails(_: object) -> Result:
    raise BenchmarkFailed("nothing waits")


BENCHMARKS: dict[str, Any] = {
    "null": lambda _: Result({"p50_s": None, "runs": 7}, Table()),
    "fails": fails,
    "missing": lambda _: Result({"p50_s": 1.0}, Table(), ["1 of 7 runs has no lag"]),
    "good": lambda _: Result({"p50_s": 1.0}, Table()),
}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of its own: results go there, and its commit is read."""
    paths = Paths(tmp_path, tmp_path / ".local")
    monkeypatch.setattr(command, "in_repository", lambda local=None: paths)
    monkeypatch.setattr(command, "Workspace", NoWorkspace)
    monkeypatch.setattr(command, "MODULES", BENCHMARKS)
    monkeypatch.setattr(command, "benchmark", BENCHMARKS.__getitem__)
    monkeypatch.setattr(record, "commit", lambda root: {"id": "c0ffee", "changed": False})
    monkeypatch.delenv("SIZE", raising=False)
    return tmp_path


def results(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text())
    return content


def test_all_run_even_if_one_fails_and_are_written(root: Path) -> None:
    assert command.main([]) == 1
    written = results(root / "benchmarks/results.json")
    found = {name: each["problems"] for name, each in written["benchmarks"].items()}
    assert found == {
        "null": ["p50_s is None"],
        "fails": ["nothing waits"],
        "missing": ["1 of 7 runs has no lag"],
        "good": [],
    }
    assert written["benchmarks"]["null"]["figures"] == {"p50_s": None, "runs": 7}
    assert written["commit"] == {"id": "c0ffee", "changed": False}
    assert written["machine"]["processors"] >= 1
    assert len(written["benchmarks"]["good"]["load_before"]) == 3
    assert written["size"] == "full"


def test_small_ones_do_not_replace_the_results(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIZE", "small")
    assert command.main([]) == 1
    assert not (root / "benchmarks/results.json").exists()
    assert results(root / ".local/benchmarks/results.json")["size"] == "small"


@pytest.mark.parametrize(
    ("name", "status"), [("good", 0), ("null", 1), ("fails", 1), ("missing", 1)]
)
def test_one_ends_with_its_own_status_and_writes_no_file(
    root: Path, name: str, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main([name]) == status
    assert not (root / "benchmarks/results.json").exists()
    output = capsys.readouterr()
    assert bool(output.err) == bool(status)
    if name != "fails":
        assert json.loads(output.out.splitlines()[-1])["bench"] == name


def test_an_unknown_size_is_refused(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SIZE", "medium")
    assert command.main(["good"]) == 2
    assert "SIZE is 'medium': use small or full" in capsys.readouterr().err
    with pytest.raises(UnknownSize):
        sized(1, 2)


def test_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    for asked, wanted in (("", 1_000), ("full", 1_000), ("small", 10)):
        monkeypatch.setenv("SIZE", asked)
        assert sized(1_000, 10) == wanted
