"""Airflow's metadata database: migrated once per set of installed packages, then copied."""

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path


class DatabaseTemplates:
    """Migrated, empty SQLite databases, one for each set of installed packages.

    ``airflow db migrate`` takes about ten seconds, a copy none; a database depends on nothing
    but the versions of Airflow and its providers.
    """

    def __init__(self, folder: Path, python: Path) -> None:
        self._template = folder / f"airflow-{packages_digest(python)}.db"

    def provide(self, database: Path, migrate: Callable[[], None]) -> None:
        """Put a migrated database at ``database``, which must not exist yet."""
        if self._template.is_file():
            shutil.copyfile(self._template, database)
            return
        migrate()
        self._template.parent.mkdir(parents=True, exist_ok=True)
        partial = self._template.with_suffix(f".{database.parent.name}.partial")
        shutil.copyfile(database, partial)
        partial.replace(self._template)


def packages_digest(python: Path) -> str:
    """Of the names and versions of what is installed beside an interpreter."""
    packages = sorted(
        path.name for path in python.parent.parent.glob("lib/python*/site-packages/*.dist-info")
    )
    return hashlib.sha256("\n".join(packages).encode()).hexdigest()[:16]
