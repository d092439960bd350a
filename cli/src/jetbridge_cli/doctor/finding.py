"""The results of a check."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from jetbridge_cli.problems import DENIED, in_words

RUNBOOK = "docs/how-to/runbook.md"

_ACTION = re.compile(r"not authorized to perform: ([A-Za-z0-9-]+:[A-Za-z0-9*]+)")


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A problem that a check found.

    Attributes:
        check: the name of the check that found it.
        subject: the resource, by its name in the template, its own name or its ARN.
        problem: what is wrong, one sentence.
        fix: what to do, one sentence.
        section: the anchor of the runbook's section about it.
    """

    check: str
    subject: str
    problem: str
    fix: str
    section: str

    @property
    def link(self) -> str:
        return f"{RUNBOOK}#{self.section}"


@dataclass(frozen=True, kw_only=True)
class Unchecked:
    """A check that could not be made or finished.

    ``permission`` is the denied IAM action. It is empty if the check failed for another reason.
    """

    check: str
    why: str
    permission: str = ""


@dataclass(frozen=True, kw_only=True)
class Note:
    """Information that isn't a problem."""

    check: str
    text: str


Result = Finding | Unchecked | Note
Answer = TypeVar("Answer")


def unchecked(check: str, error: BotoCoreError | ClientError) -> Unchecked:
    """The ``Unchecked`` for an error from AWS. A denial names its action (IAM user guide,
    "Troubleshoot access denied error messages")."""
    permission = ""
    if isinstance(error, ClientError) and denied(error):
        said = _ACTION.search(error.response["Error"].get("Message", ""))
        permission = said.group(1) if said else error.operation_name
    return Unchecked(check=check, why=in_words(error), permission=permission)


def denied(error: ClientError) -> bool:
    # HeadBucket's answer has no body, so its error code is the status (S3 API reference,
    # HeadBucket).
    return error.response["Error"]["Code"] in (*DENIED, "403")


def code_of(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])


def if_there(ask: Callable[[], Answer], *codes: str, text: str = "") -> Answer | None:
    """AWS's answer. None if one of these error codes says that the resource doesn't exist.

    The default code is ResourceNotFoundException.

    Args:
        text: a text that AWS's message must contain, for a code with several meanings.

    Raises:
        ClientError: AWS refuses the call for another reason.
    """
    try:
        return ask()
    except ClientError as error:
        known = code_of(error) in (codes or ("ResourceNotFoundException",))
        if not known or text not in error.response["Error"].get("Message", ""):
            raise
        return None
