"""When the log of a run that has ended is complete."""

import math

from jetbridge.contract import epoch
from jetbridge.runs.reports import Ending
from jetbridge.runs.run import Run

# An end further in the future than this comes from a wrong clock.
LONGEST_SETTLE_SECONDS = 120


def stopped_at(ending: Ending) -> float | None:
    """When AWS says that the container stopped, epoch seconds.

    None: AWS didn't say, or the row's value isn't a time.
    """
    return epoch(ending.stopped_at)


def ended_at(run: Run) -> int:
    """Epoch milliseconds of the run's end, or of the last moment known of it."""
    stopped = stopped_at(run.ending) if run.ending is not None else None
    if stopped is None:
        stopped = run.deaths[-1].at if run.deaths else run.created_at
    return int(stopped * 1000)


def settle_wait(run: Run, settle_seconds: float, now: float) -> int:
    """Whole seconds until the last lines of an ended run count as complete; 0: they are complete
    now."""
    wait = ended_at(run) / 1000 + settle_seconds - now
    return math.ceil(wait) if 0 < wait < LONGEST_SETTLE_SECONDS else 0
