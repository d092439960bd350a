"""Runs a program to its end. If we are interrupted, ends it and everything that it started."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from jetbridge_local.processes import ProcessTable, end_group

_GRACE_SECONDS = 5.0
_SHOWN_LINES = 40


class CommandFailed(RuntimeError):
    """A program ended with a status other than 0; the text has the end of what it printed."""


def run(
    command: Sequence[str | Path],
    *,
    folder: Path,
    environment: Mapping[str, str],
    log: Path,
    processes: ProcessTable,
) -> None:
    """Run a program with its output in ``log``.

    It has a session of its own, recorded in ``processes``, so that the next demo can end what a
    killed one left running.

    Raises:
        CommandFailed: it failed.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        processes.started(process.pid)
        try:
            status = process.wait()
        except BaseException:
            end_group(process.pid, _GRACE_SECONDS)
            process.wait()
            raise
        finally:
            processes.ended(process.pid)
    if status != 0:
        lines = log.read_text(errors="replace").splitlines()
        raise CommandFailed(
            "\n".join([f"{Path(command[0]).name} ended with {status}:", *lines[-_SHOWN_LINES:]])
        )
