"""Asks the person at the terminal."""

import sys

import typer

from jetbridge_cli.problems import Problem


def confirm(question: str) -> None:
    """Continue only if the person says yes.

    Raises:
        Problem: standard input isn't a terminal, so there is nobody to ask.
        Abort: the answer is no.
    """
    if not can_ask():
        raise Problem(f"{question} Nobody can be asked here: say --yes")
    typer.confirm(question, abort=True, err=True)


def can_ask() -> bool:
    """Whether standard input is a terminal."""
    return sys.stdin is not None and sys.stdin.isatty()
