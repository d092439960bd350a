"""``jetbridge local``: controls the local cloud through the program ``jetbridge-local``."""

import importlib.util
import os
import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

from jetbridge_cli.problems import Problem, reported

_PROGRAM = "jetbridge-local"
_MODULE = "jetbridge_local"


def local(
    context: typer.Context,
    what: Annotated[
        str, typer.Argument(help="up, down or status; then jetbridge-local's options.")
    ],
) -> None:
    """Start, stop or inspect a local cloud on this machine: ECS and Batch without an AWS account.

    Calls the program jetbridge-local from the package of that name, with the same arguments, and
    returns its exit code.
    """
    with reported():
        command = [*_program(), what, *context.args]
        try:
            os.execv(command[0], command)  # nosec B606 # jetbridge-local, found as above
        except OSError as error:
            raise Problem(f"{command[0]} can't be run: {error.strerror}") from error


def _program() -> list[str]:
    """How to call jetbridge-local: beside this command, in its environment, or in PATH. Raises:
    Problem"""
    beside = shutil.which(_PROGRAM, path=Path(sys.executable).parent)
    if beside is not None:
        return [beside]
    if importlib.util.find_spec(_MODULE) is not None:
        return [sys.executable, "-m", _MODULE]
    elsewhere = shutil.which(_PROGRAM)
    if elsewhere is not None:
        return [elsewhere]
    raise Problem(
        "the local cloud is a separate package, which isn't installed here: in a clone of "
        "Jetbridge's repository, install the command with "
        "`uv tool install ./cli --with ./layers/jetbridge --with ./local`; it needs Python 3.13"
    )
