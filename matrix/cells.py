"""Which Airflow runs on which Python: the one list of the matrix.

A minor version's release is the one that ``requirements/airflow-<minor>.in`` pins.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

PYTHONS: dict[str, tuple[str, ...]] = {
    # No 3.13: apache-airflow-core 3.0's classifiers end at 3.12, and its metadata refuses 3.13.0.
    "3.0": ("3.11", "3.12"),
    "3.1": ("3.11", "3.12", "3.13"),
    "3.2": ("3.11", "3.12", "3.13"),
    "3.3": ("3.11", "3.12", "3.13"),
}
"""The Pythons that the provider and each minor version of Airflow support."""

REAL: dict[str, str] = {"3.0": "3.12", "3.1": "3.12", "3.2": "3.12", "3.3": "3.13"}
"""The Python with which each minor version also runs as a whole Airflow."""

_PIN = re.compile(r"^apache-airflow==(\S+)$", re.MULTILINE)


class UnknownCell(ValueError):
    """The matrix has no such part."""


@dataclass(frozen=True)
class Cell:
    """One minor version of Airflow on one minor version of Python."""

    airflow: str
    python: str

    @property
    def name(self) -> str:
        return f"{self.airflow}-py{self.python}"

    @property
    def environment(self) -> Path:
        return ROOT / ".venv" / f"airflow-{self.name}"

    @property
    def interpreter(self) -> Path:
        return self.environment / "bin/python"

    @property
    def real(self) -> bool:
        """Whether it runs as a whole Airflow, too."""
        return REAL[self.airflow] == self.python


def cells(only: str = "") -> list[Cell]:
    """Those of the version (``3.0``) or the one cell (``3.0-py3.11``) named; all without a name.

    Raises:
        UnknownCell: there is none of that name.
    """
    found = [cell for cell in _all() if only in ("", cell.airflow, cell.name)]
    if not found:
        names = ", ".join([*PYTHONS, *(cell.name for cell in _all())])
        raise UnknownCell(f"The matrix has no {only!r}. There are: {names}")
    return found


def release(airflow: str) -> str:
    """The release of this minor version that is tested, such as ``3.0.6``."""
    (pinned,) = _PIN.findall((ROOT / f"requirements/airflow-{airflow}.in").read_text())
    return str(pinned)


def _all() -> Iterator[Cell]:
    return (Cell(airflow, python) for airflow, pythons in PYTHONS.items() for python in pythons)
