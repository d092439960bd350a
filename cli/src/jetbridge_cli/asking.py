"""Asks the person at the terminal."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from jetbridge_cli.problems import Problem
from jetbridge_cli.writing import say

# 128 and SIGINT, as shells have it.
INTERRUPTED = 130


def confirm(question: str) -> None:
    """Continue only if the person says yes.

    Raises:
        Problem: standard input isn't a terminal, so there is nobody to ask.
        Abort: the answer is no.
        Exit: with code 130, after Ctrl-C or Ctrl-D in place of an answer.
    """
    if not can_ask():
        raise Problem(
            f"{question} Standard input isn't a terminal, so nobody can answer: say --yes"
        )
    if not answered(question):
        raise typer.Abort


def answered(question: str) -> bool:
    """Whether the answer is yes. Raises Exit with code 130 after Ctrl-C or Ctrl-D."""
    with _interrupted():
        return typer.confirm(question, err=True)


def prompted(question: str, default: str) -> str:
    """The answer, or the default. Raises Exit with code 130 after Ctrl-C or Ctrl-D."""
    with _interrupted():
        return str(typer.prompt(question, default=default, err=True))


@contextmanager
def _interrupted() -> Iterator[None]:
    try:
        yield
    except typer.Abort:
        say("")
        raise typer.Exit(INTERRUPTED) from None


def can_ask() -> bool:
    """Whether standard input is a terminal."""
    return sys.stdin is not None and sys.stdin.isatty()
