"""The caller's identity and account, and how far AWS's clock differs from this machine's."""

import time
from dataclasses import dataclass

from jetbridge_cli.aws import Aws, server_time


@dataclass(frozen=True)
class Identity:
    """Attributes:
    clock_ahead_seconds: how far AWS's clock is ahead. AWS's answers have whole seconds.
    """

    account: str
    arn: str
    clock_ahead_seconds: float


def identity_of(aws: Aws) -> Identity:
    """Raises ClientError, NoCredentialsError."""
    before = time.time()
    answer = aws.sts.get_caller_identity()
    middle = (before + time.time()) / 2
    # AWS cuts off half a second on average.
    ahead = server_time(answer) + 0.5 - middle
    return Identity(answer["Account"], answer["Arn"], round(ahead, 1))
