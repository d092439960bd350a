"""The service of relay_logs."""

import time
from functools import cache

from jetbridge.aws import client
from jetbridge.live.s3 import S3Pieces
from jetbridge.services.live.memory import Memory
from jetbridge.services.live.relay import Relay
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
