"""The service of relay_logs."""

import time
from functools import cache

from jetbridge.aws.clients import client
from jetbridge.logs.live.memory import Memory
from jetbridge.logs.live.relay import Relay
from jetbridge.logs.live.s3 import S3Pieces
from jetbridge.wiring.at_start import at_start
from jetbridge.wiring.live import live
from jetbridge.wiring.parts import runs


def relay() -> Relay:
    return Relay(runs(), live(), S3Pieces(client("s3")), memory())


@cache
def memory() -> Memory:
    """One per process."""
    return Memory(time.time)


at_start(relay)
