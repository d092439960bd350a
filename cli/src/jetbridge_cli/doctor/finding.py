"""What a check comes to."""

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
    """Something that is wrong.

    Attributes:
        check: the name of the check that found it.
        subject: which resource, by its name in the template, its own name or its ARN.
        problem: what is wrong, one sentence.
        fix: what to do, one sentence.
        section: the runbook's section about it, as an anchor.
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
    """A check that could not be made, or not to its end.

    ``permission`` is the IAM action that was denied; empty: it failed for another reason.
    """

    check: str
    why: str
    permission: str = ""


@dataclass(frozen=True, kw_only=True)
class Note:
    """What can't be known, or is worth knowing; nothing is wrong."""

    check: str
    text: str


Result = Finding | Unchecked | Note
Answer = TypeVar("Answer")


def unchecked(check: str, error: BotoCoreError | ClientError) -> Unchecked:
    """What an error of AWS's leaves unchecked. A denial names its action (IAM user guide,
    "Troubleshoot access denied error messages")."""
    permission = ""
    if isinstance(error, ClientError) and denied(error):
        said = _ACTION.search(error.response["Error"].get("Message", ""))
        permission = said.group(1) if said else error.operation_name
    return Unchecked(check=check, why=in_words(error), permission=permission)


def denied(error: ClientError) -> bool:
    # HeadBucket has no body to say so in: its code is the status (S3 API reference, HeadBucket).
    return error.response["Error"]["Code"] in (*DENIED, "403")


def code_of(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])


def if_there(ask: Callable[[], Answer], *codes: str, text: str = "") -> Answer | None:
    """What AWS answers; None where one of these error codes says that there is no such
    thing. Without codes: ResourceNotFoundException.

    Args:
        text: what AWS's message has in it, of a code that means other things, too.

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
