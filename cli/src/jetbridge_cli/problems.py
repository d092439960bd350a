"""Errors for the person at the terminal."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
)
from rich.console import Console

DENIED = ("AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation")


class Problem(Exception):
    """The command can't continue. The text says what is wrong and what to do."""


def in_words(error: BotoCoreError | ClientError) -> str:
    """Explain an AWS library's error to the person who called the command."""
    if isinstance(error, ClientError):
        code = error.response["Error"]["Code"]
        message = error.response["Error"].get("Message", "")
        if code in DENIED:
            return (
                f"AWS denies {error.operation_name}: {message} "
                "(docs/reference/cli.md lists what is needed)"
            )
        return f"{error.operation_name}: {code}: {message}"
    if isinstance(error, NoCredentialsError):
        return "no AWS credentials: give --profile, or set them as for the AWS CLI"
    if isinstance(error, NoRegionError):
        return "no AWS region: give --region, or set AWS_REGION"
    if isinstance(error, EndpointConnectionError):
        return f"{error} Is the region right, and the network up?"
    return str(error)


@contextmanager
def reported(code: int = 1) -> Iterator[None]:
    """End the command with this exit code and one sentence, instead of a traceback."""
    try:
        yield
    except Problem as problem:
        _say(str(problem), code)
    except (BotoCoreError, ClientError) as error:
        _say(in_words(error), code)


def _say(text: str, code: int) -> None:
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(f"[red]error:[/red] {text}" if console.is_terminal else f"error: {text}")
    raise typer.Exit(code)
