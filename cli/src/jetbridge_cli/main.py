"""The ``jetbridge`` command."""

import io
import os
import signal
import sys
from importlib.metadata import version
from typing import Annotated

import typer

from jetbridge_cli import dead_letters_command, local_command, replay_command
from jetbridge_cli.adopt.command import app as adopt
from jetbridge_cli.doctor.command import doctor
from jetbridge_cli.init.command import init
from jetbridge_cli.operate import (
    cost_command,
    logs_command,
    runs_command,
    schedules_command,
    show_command,
    stop_command,
    watch_command,
)
from jetbridge_cli.report.command import report
from jetbridge_cli.verify.command import verify
from jetbridge_cli.writing import write

app = typer.Typer(
    name="jetbridge",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("doctor")(doctor)
app.command("run")(watch_command.run)
app.command("runs")(runs_command.runs)
app.command("show")(show_command.show)
app.command("logs")(logs_command.logs)
app.command("watch")(watch_command.watch)
app.command("stop")(stop_command.stop)
app.command("retry")(stop_command.retry)
app.command("cost")(cost_command.cost)
app.command("report")(report)
app.command("init")(init)
app.command("replay")(replay_command.replay)
app.command("verify")(verify)
app.command("local", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(
    local_command.local
)
app.add_typer(schedules_command.app, name="schedules")
app.add_typer(dead_letters_command.app, name="dead-letters")
app.add_typer(adopt, name="adopt")


def _show_version(wanted: bool) -> None:
    if wanted:
        write(version("jetbridge-cli"))
        raise typer.Exit


@app.callback()
def jetbridge(
    _: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the command's version."
        ),
    ] = False,
) -> None:
    """Operate a Jetbridge stack, and prove that it works in an account."""
    # SIGTERM releases the held messages, as Ctrl-C does.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))


def main() -> None:
    """Run the command.

    A character that standard output can't encode is written as its escape sequence. If the reader
    of standard output has gone (``| head``), the rest is dropped (Python documentation, ``signal``,
    "Note on SIGPIPE").
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    finally:
        try:
            sys.stdout.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
