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
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)
from rich.text import Text

from jetbridge_cli.writing import broken, errors, shown

DENIED = ("AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation")


# IAM API reference, "Common errors"; S3 and STS say ExpiredToken.
_CREDENTIALS = (
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
)


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
        if code in _CREDENTIALS:
            return (
                f"AWS refuses the credentials ({code}: {message}): log in again, for example with "
                "`aws sso login`, or give another --profile"
            )
        return f"{error.operation_name}: {code}: {message}"
    if isinstance(error, NoCredentialsError):
        return "no AWS credentials: give --profile, or set them as for the AWS CLI"
    if isinstance(error, NoRegionError):
        return "no AWS region: give --region, or set AWS_REGION"
    if isinstance(error, EndpointConnectionError):
        return f"{error} Is the region or --endpoint right, and the network up?"
    if isinstance(error, ProfileNotFound):
        return f"{error}: give one that `aws configure list-profiles` shows"
    if isinstance(error, (SSOError, TokenRetrievalError)):
        return f"{error} Log in again: `aws sso login`"
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
    except ValueError as error:
        # botocore says it in a ValueError ("Invalid endpoint: …", botocore/endpoint.py).
        text, _, endpoint = str(error).partition(": ")
        if text != "Invalid endpoint":
            raise
        if "//" in endpoint and ".." in endpoint:  # https://cloudformation..amazonaws.com
            _say(in_words(NoRegionError()), code)
        _say(
            f"--endpoint: {endpoint!r} isn't a URL: give one such as http://127.0.0.1:4566 (or "
            "AWS_ENDPOINT_URL, or the profile's endpoint_url)",
            code,
        )


def _say(text: str, code: int) -> None:
    console = errors()
    lines = broken(f"error: {shown(text)}", console.width if console.is_terminal else 0)
    line = Text("\n".join(lines))
    line.stylize("red", 0, len("error:"))
    console.print(line)
    raise typer.Exit(code)
