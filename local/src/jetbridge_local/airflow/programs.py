"""Where the programs of PostgreSQL and Redis are, and as whom they run."""

import os
import pwd
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

# Debian keeps PostgreSQL's programs in a folder for each version, off the PATH.
_DEBIANS_POSTGRES = Path("/usr/lib/postgresql")


class ProgramMissing(RuntimeError):
    """A program isn't installed; the text says how to get it."""


@dataclass(frozen=True)
class Programs:
    """Absolute paths of the servers' programs."""

    initdb: Path
    postgres: Path
    redis_server: Path

    @classmethod
    def find(cls, unpacked: Path) -> Self:
        """Those of this machine, or those that ``scripts/get-postgres-redis`` made in ``unpacked``.

        Raises:
            ProgramMissing: there is one in neither.
        """
        postgres = [unpacked / "postgres/bin", *sorted(_DEBIANS_POSTGRES.glob("*/bin"))[::-1]]
        return cls(
            initdb=_find("initdb", postgres),
            postgres=_find("postgres", postgres),
            redis_server=_find("redis-server", [unpacked / "redis/bin"]),
        )


def _find(name: str, folders: Sequence[Path]) -> Path:
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *map(str, folders)])
    if found := shutil.which(name, path=path):
        return Path(found).absolute()
    raise ProgramMissing(
        f"{name} is missing: install PostgreSQL and Redis, or run scripts/get-postgres-redis "
        "on Debian"
    )


def unprivileged(command: Sequence[str]) -> list[str]:
    """The command for a program that refuses to run as root, such as PostgreSQL's.

    Root runs it as ``nobody``, who keeps but one of root's rights, that to files: programs and
    data may be in folders that are closed to others, as pytest's are.
    """
    if os.geteuid() != 0:
        return list(command)
    right = "+dac_override"
    user = ("--reuid", "nobody", "--regid", str(_nobody().pw_gid), "--clear-groups")
    return ["setpriv", *user, "--inh-caps", right, "--ambient-caps", right, *command]


def give_to_unprivileged(folder: Path) -> None:
    """Make the user of `unprivileged` the owner of a folder and all in it.

    PostgreSQL insists on that for its data; and access(2), which it calls, heeds no such right.
    """
    if os.geteuid() == 0:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, _nobody().pw_uid, _nobody().pw_gid)


def _nobody() -> pwd.struct_passwd:
    return pwd.getpwnam("nobody")
