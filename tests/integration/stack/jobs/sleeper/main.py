"""Sleeps until it has to end, and says so."""

import signal
import sys
import time


def end(*_: object) -> None:
    print("told to end", flush=True)
    sys.exit(143)


signal.signal(signal.SIGTERM, end)
print("sleeping", flush=True)
while True:
    time.sleep(0.1)
