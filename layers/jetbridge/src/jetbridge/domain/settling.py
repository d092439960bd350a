"""When the log of a run that has ended is complete."""

import math
from datetime import datetime

from jetbridge.domain.run import Run

# An end that lies further ahead is a clock that is wrong.
LONGEST_SETTLE_SECONDS = 120


def ended_at(run: Run) -> int:
    """Epoch milliseconds of the run's end, or of the last moment known of it."""
    if run.ending is not None and run.ending.stopped_at is not None:
        return int(datetime.fromisoformat(run.ending.stopped_at).timestamp() * 1000)
    return int((run.deaths[-1].at if run.deaths else run.created_at) * 1000)


def settle_wait(run: Run, settle_seconds: float, now: float) -> int:
    """After how many whole seconds the last lines of an ended run count as all there are; 0: they
    do now."""
    wait = ended_at(run) / 1000 + settle_seconds - now
    return math.ceil(wait) if 0 < wait < LONGEST_SETTLE_SECONDS else 0
