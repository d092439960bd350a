"""Queue a launch."""

from jetbridge.queues.groups import message_group
from jetbridge.queues.messages import LaunchMessage, NamedDefinition
from jetbridge.queues.port import Queue
from jetbridge.runs.run import Run

# SendMessage takes no longer delay (API reference).
LONGEST_DELAY_SECONDS = 900


def queue_launch(
    launches: Queue[LaunchMessage], run: Run, now: float, definition: NamedDefinition | None = None
) -> None:
    """Queue the run's current launch for when it may be made, among those of its caller.

    Args:
        definition: of a run that waits for nothing but its turn (``LaunchMessage``).
    """
    wait = max(0, int((run.not_before or now) - now + 0.999))
    launches.send(
        LaunchMessage(run_id=run.run_id, launch=run.launch, definition=definition),
        delay_seconds=min(wait, LONGEST_DELAY_SECONDS),
        group=message_group(run.request.caller),
    )
