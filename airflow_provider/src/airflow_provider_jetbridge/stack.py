"""The address of a Jetbridge stack, and the names of its functions."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

START_FUNCTION = "start-run"
STOP_FUNCTION = "stop-run"
WATCH_FUNCTION = "watch-runs"

# Function names have at most 64 characters, and -notify-airflow needs 15 of them. The stack
# shortens its name in the same way (template.yaml, Names).
_LONGEST_PREFIX = 49
_KEPT, _DIGEST = 40, 8
# CloudFormation's rule for StackName, API_CreateStack.html.
_NAME = r"[A-Za-z][A-Za-z0-9-]{0,127}"
_ARN = r"arn:(?P<partition>aws[a-z-]*):{service}:(?P<region>[a-z0-9-]+):(?P<account>\d{{12}}):"
_STACK_NAME = re.compile(_NAME)
_STACK_ARN = re.compile(_ARN.format(service="cloudformation") + rf"stack/(?P<name>{_NAME})/[^/]+")
_START_ARN = re.compile(
    _ARN.format(service="lambda") + rf"function:(?P<name>{_NAME})-{START_FUNCTION}"
)


@dataclass(frozen=True, slots=True)
class StackAddress:
    """A stack's name. ``partition``, ``account`` and ``region`` are known only from an ARN."""

    name: str
    partition: str | None = None
    account: str | None = None
    region: str | None = None

    @classmethod
    def parse(cls, text: str) -> StackAddress:
        """Parse a stack's name, its ARN, or the ARN of its start_run function.

        Raises:
            ValueError: the text is none of these.
        """
        text = text.strip()
        if _STACK_NAME.fullmatch(text):
            return cls(text)
        found = _STACK_ARN.fullmatch(text) or _START_ARN.fullmatch(text)
        if found is None:
            raise ValueError(
                f"{text!r} names no Jetbridge stack. Give the CloudFormation stack's name "
                "(jetbridge), its ARN (arn:aws:cloudformation:<region>:<account>:stack/<name>/<id>)"
                " or that of its start function (arn:aws:lambda:<region>:<account>:function:"
                f"<name>-{START_FUNCTION})"
            )
        return cls(**found.groupdict())

    def function(self, name: str) -> str:
        """The ``FunctionName`` for Lambda's Invoke, for a function such as ``start-run``.

        It is an ARN if the account and region are known. Then AWS refuses a connection to another
        account, and doesn't call that account's stack of the same name.
        """
        function = f"{function_prefix(self.name)}-{name}"
        if self.account is None or self.region is None:
            return function
        return f"arn:{self.partition}:lambda:{self.region}:{self.account}:function:{function}"

    def __str__(self) -> str:
        return self.name


def function_prefix(stack: str) -> str:
    """The prefix of a stack's function names: the stack's name, shortened if it is too long."""
    if len(stack) <= _LONGEST_PREFIX:
        return stack
    digest = hashlib.sha256(stack.encode()).hexdigest()[:_DIGEST]
    return f"{stack[:_KEPT]}-{digest}"
