"""Benchmarks by name, and wrong names."""

import pytest

from benchmarks.__main__ import main
from benchmarks.registry import MODULES, UnknownBenchmark, benchmark


@pytest.mark.parametrize("name", sorted(MODULES))
def test_every_entry_is_a_benchmark(name: str) -> None:
    assert callable(benchmark(name))


@pytest.mark.parametrize("name", [None, "", "footprints", "footprint extra"])
def test_other_names_are_refused_with_the_list(name: str | None) -> None:
    with pytest.raises(UnknownBenchmark) as refused:
        benchmark(name)
    assert all(known in str(refused.value) for known in MODULES)


@pytest.mark.parametrize("arguments", [[""], ["nothing-like-it"], ["footprint", "extra"]])
def test_a_wrong_command_ends_with_2_and_starts_nothing(
    arguments: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.__main__.Workspace", None)
    assert main(arguments) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert "footprint" in output.err
