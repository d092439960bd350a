"""Who calls, in which account, and how AWS's clock stands to this machine's."""

import time
from dataclasses import dataclass

from jetbridge_cli.aws import Aws, server_time


@dataclass(frozen=True)
class Identity:
    """Attributes:
    clock_ahead_seconds: of AWS's clock, whose answers have whole seconds.
    """

    account: str
    arn: str
    clock_ahead_seconds: float


def identity_of(aws: Aws) -> Identity:
    """Raises ClientError, NoCredentialsError."""
    before = time.time()
    answer = aws.sts.get_caller_identity()
    middle = (before + time.time()) / 2
    # Half a second on average is cut off AWS's.
    ahead = server_time(answer) + 0.5 - middle
    return Identity(answer["Account"], answer["Arn"], round(ahead, 1))
