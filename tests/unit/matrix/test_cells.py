"""The matrix, the provider's metadata, the lists and docs/reference/versions.md name the same."""

import tomllib
from itertools import pairwise

import pytest
from packaging.specifiers import SpecifierSet

from matrix.cells import PYTHONS, REAL, ROOT, UnknownCell, cells, release

PROVIDER = tomllib.loads((ROOT / "airflow_provider/pyproject.toml").read_text())["project"]
VERSIONS = (ROOT / "docs/reference/versions.md").read_text()


def minor(version: str) -> tuple[int, int]:
    major, minor = version.split(".")[:2]
    return int(major), int(minor)


def test_the_providers_bounds_are_the_matrixs_range() -> None:
    (bounds,) = (each for each in PROVIDER["dependencies"] if each.startswith("apache-airflow>"))
    (first, *_, last) = sorted(PYTHONS, key=minor)
    after = f"{minor(last)[0]}.{minor(last)[1] + 1}"
    assert SpecifierSet(bounds.removeprefix("apache-airflow")) == SpecifierSet(
        f">={first},<{after}"
    )


def test_no_minor_version_is_left_out() -> None:
    for before, after in pairwise(sorted(map(minor, PYTHONS))):
        assert after == (before[0], before[1] + 1)


def test_the_providers_pythons_are_the_matrixs() -> None:
    prefix = "Programming Language :: Python :: 3."
    claimed = {each.rpartition(" ")[2] for each in PROVIDER["classifiers"] if prefix in each}
    assert claimed == {cell.python for cell in cells()}
    assert PROVIDER["requires-python"] == f">={min(claimed, key=minor)}"


@pytest.mark.parametrize("airflow", PYTHONS)
def test_each_minor_version_is_locked_at_the_release_that_is_asked_for(airflow: str) -> None:
    locked = (ROOT / f"requirements/airflow-{airflow}.txt").read_text()
    assert minor(release(airflow)) == minor(airflow)
    assert f"\napache-airflow=={release(airflow)} \\\n" in locked


def test_the_document_has_a_row_for_each_minor_version_and_no_other() -> None:
    rows = {
        (airflow, tuple(pythons.split(", ")))
        for line in VERSIONS.splitlines()
        if line.startswith("| 3.")
        for airflow, pythons in [[cell.strip() for cell in line.split("|")[1:3]]]
    }
    assert rows == {(release(airflow), pythons) for airflow, pythons in PYTHONS.items()}


def test_the_oldest_python_is_the_one_from_which_lists_are_locked() -> None:
    oldest = min((cell.python for cell in cells()), key=minor)
    makefile = (ROOT / "scripts/environments.mk").read_text()
    assert f"\nOLDEST_PYTHON_VERSION := {oldest}\n" in makefile


def test_each_minor_version_is_run_whole_on_one_python() -> None:
    assert {cell.airflow: cell.python for cell in cells() if cell.real} == REAL
    assert REAL.keys() == PYTHONS.keys()


def test_a_part_is_named_by_version_or_cell() -> None:
    assert [cell.name for cell in cells("3.0")] == ["3.0-py3.11", "3.0-py3.12"]
    assert [cell.name for cell in cells("3.3-py3.13")] == ["3.3-py3.13"]
    with pytest.raises(UnknownCell, match=r"3\.0-py3\.13.*There are: 3\.0"):
        cells("3.0-py3.13")
