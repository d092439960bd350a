"""The options of the jetbridge command, from its own declarations."""

from collections.abc import Iterator

import click
import typer

from documentation.reference.markdown import NOTE, table
from jetbridge_cli.main import app


def commands_page() -> str:
    command = typer.main.get_command(app)
    parts = [
        "# Options of the jetbridge command",
        "This page lists every option of every `jetbridge` command, as `--help` shows them. "
        f"{NOTE} [The jetbridge command](cli.md) explains what the commands do.",
    ]
    for name, each in _leaves("jetbridge", command):
        parts += [f"## {name}", *_described(each)]
    return "\n\n".join([*parts, ""])


def _leaves(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    children = getattr(command, "commands", None)
    if children is None:
        yield name, command
        return
    for child, each in sorted(children.items()):
        yield from _leaves(f"{name} {child}", each)


def _described(command: click.Command) -> Iterator[str]:
    yield " ".join((command.help or "").split("\f")[0].split())
    rows = [_row(parameter) for parameter in command.params if parameter.name != "help"]
    if rows:
        yield table(["option", "what it does", "default"], rows)


def _row(parameter: click.Parameter) -> tuple[str, str, str]:
    if parameter.param_type_name == "argument":
        name = f"`{(parameter.metavar or parameter.name or '').upper()}`"
    else:
        name = ", ".join(f"`{option}`" for option in [*parameter.opts, *parameter.secondary_opts])
    text = str(getattr(parameter, "help", None) or "")
    if parameter.envvar:
        text += f" Or the variable `{parameter.envvar}`."
    default = parameter.default
    shown = f"`{getattr(default, 'value', default)}`" if default not in (None, False, ()) else ""
    if callable(default) or "Sentinel" in type(default).__name__:
        shown = ""
    return name, text, shown
