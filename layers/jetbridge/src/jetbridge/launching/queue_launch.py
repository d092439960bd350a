"""Queue a launch."""

from typing import Any

from jetbridge.queues.groups import message_group
from jetbridge.queues.port import Queue
from jetbridge.runs.run import Run

# SendMessage takes no longer delay (API reference).
LONGEST_DELAY_SECONDS = 900


def queue_launch(launches: Queue, run: Run, now: float, **more: Any) -> None:
    """Queue the run's current launch for when it may be made, among those of its caller; ``more``
    are further members of the message."""
    wait = max(0, int((run.not_before or now) - now + 0.999))
    launches.send(
        {"run_id": run.run_id, "launch": run.launch} | more,
        delay_seconds=min(wait, LONGEST_DELAY_SECONDS),
        group=message_group(run.request.caller),
    )
