"""The ``jetbridge`` command."""

import signal
import sys

import typer

from jetbridge_cli import dead_letters_command, replay_command
from jetbridge_cli.adopt.command import app as adopt
from jetbridge_cli.doctor.command import doctor
from jetbridge_cli.init.command import init
from jetbridge_cli.operate import runs_command
from jetbridge_cli.verify.command import verify

app = typer.Typer(
    name="jetbridge",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("doctor")(doctor)
app.command("runs")(runs_command.runs)
app.command("init")(init)
app.command("replay")(replay_command.replay)
app.command("verify")(verify)
app.add_typer(dead_letters_command.app, name="dead-letters")
app.add_typer(adopt, name="adopt")


@app.callback()
def jetbridge() -> None:
    """Operate a Jetbridge stack, and prove that it works in an account."""
    # So that messages in hand are let go of, as on Ctrl-C.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
