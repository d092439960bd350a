"""Airflow's metadata database: what each kind gives to an Airflow."""

import hashlib
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from jetbridge_local.airflow.components import Components


class Database(Protocol):
    """A metadata database that one Airflow has for itself.

    Migrating takes about ten seconds and depends on nothing but the versions of Airflow and its
    providers. So a migrated, empty database is kept as a template, and the next start copies it.
    """

    name: str

    def options(self, home: Path) -> dict[str, str]:
        """The variables of the Airflow whose files are below ``home``."""
        ...

    def provide(
        self,
        components: Components,
        home: Path,
        migrate: Callable[[], None],
        template: Path | None,
    ) -> None:
        """Make a migrated, empty database, and start its server if it has one.

        Args:
            components: start the server and run its tools.
            home: an empty folder.
            migrate: runs ``airflow db migrate``.
            template: a copy of the migrated database; made here if it is missing. None: the
                database is migrated, and no copy is kept.

        Raises:
            ComponentFailed: a step failed or took too long.
        """
        ...


class SqliteDatabase:
    """A file. Airflow allows it only for tests, and its own components lock one another out."""

    name = "sqlite"

    def options(self, home: Path) -> dict[str, str]:
        return {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db"}

    def provide(
        self,
        components: Components,
        home: Path,
        migrate: Callable[[], None],
        template: Path | None,
    ) -> None:
        database = home / "airflow.db"
        if template and template.is_file():
            shutil.copyfile(template, database)
            return
        migrate()
        if template:
            template.parent.mkdir(parents=True, exist_ok=True)
            partial = template.with_name(f"{template.name}.{secrets.token_hex(4)}.partial")
            shutil.copyfile(database, partial)
            partial.replace(template)


def template_path(folder: Path, database: Database, python: Path) -> Path:
    """Where the template of a kind of database is kept for the Airflow of an interpreter."""
    return folder / f"{database.name}-{_packages_digest(python)}"


def _packages_digest(python: Path) -> str:
    """The digest of the names and versions of what is installed beside an interpreter."""
    packages = sorted(
        path.name for path in python.parent.parent.glob("lib/python*/site-packages/*.dist-info")
    )
    return hashlib.sha256("\n".join(packages).encode()).hexdigest()[:16]
