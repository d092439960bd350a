"""Every file of tests belongs to one suite: none is forgotten, none runs twice."""

from pathlib import Path

import pytest

from suites.plan import ROOT, SUITES, Suite

FILES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").rglob("test_*.py"))


def runs(suite: Suite, file: str) -> bool:
    left_out = {
        option.removeprefix("--ignore=")
        for option in suite.options
        if option.startswith("--ignore=")
    }
    inside = any(Path(file).is_relative_to(path) for path in suite.paths)
    return inside and not any(Path(file).is_relative_to(path) for path in left_out)


def test_there_are_files() -> None:
    assert len(FILES) > 100


@pytest.mark.parametrize("file", FILES)
def test_a_file_belongs_to_one_suite(file: str) -> None:
    owners = [suite.name for suite in SUITES if runs(suite, file)]
    assert len(owners) == 1, owners


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name)
def test_what_a_suite_names_is_there(suite: Suite) -> None:
    named = [
        *suite.paths,
        *(each.removeprefix("--ignore=") for each in suite.options if "=" in each),
    ]
    assert [path for path in named if not (ROOT / path).exists()] == []
