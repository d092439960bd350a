"""The size of a function's package."""

from pathlib import Path

from benchmarks.footprint.packages import size_of


def test_the_size_is_that_of_all_files_below(tmp_path: Path) -> None:
    (tmp_path / "python" / "deep").mkdir(parents=True)
    (tmp_path / "python" / "a.py").write_bytes(b"x" * 1000)
    (tmp_path / "python" / "deep" / "b.so").write_bytes(b"x" * 500_000)
    (tmp_path / "empty").touch()
    assert size_of(tmp_path) == 501_000


def test_an_empty_package_has_no_size(tmp_path: Path) -> None:
    assert size_of(tmp_path) == 0
