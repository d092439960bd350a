"""Waiting for what can only be looked at."""

import time
from collections.abc import Iterator

SHARE = 0.2
"""The share of the time that looking takes at most."""
LONGEST_PAUSE = 2.0


def looks(seconds: float, pause: float = 0.2) -> Iterator[None]:
    """Yield whenever it is time to look, until ``seconds`` are over; at least once.

    Airflow's API server shares this machine with the tasks: listing the forty tasks of a DAG run
    costs it as much processor time as running one of them. So the pause between
    two looks grows with the time that a look takes: from ``pause`` seconds to `LONGEST_PAUSE`.
    """
    deadline = time.monotonic() + seconds
    while True:
        began = time.monotonic()
        yield
        ended = time.monotonic()
        if ended >= deadline:
            return
        time.sleep(max(pause, min((ended - began) * (1 / SHARE - 1), LONGEST_PAUSE)))
