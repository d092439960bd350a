"""Live logs, for the services that record which run a log stream belongs to.

In a stack without live logs, a cold start does without their modules.
"""

from typing import TYPE_CHECKING

from jetbridge.aws.clients import client
from jetbridge.wiring.parts import settings

if TYPE_CHECKING:
    from jetbridge.logs.live.dynamodb import DynamoLive
    from jetbridge.logs.live.owners import StreamOwners


def live() -> "DynamoLive":
    from jetbridge.logs.live.dynamodb import DynamoLive

    return DynamoLive(client("dynamodb"), settings().runs_table)


def stream_owners() -> "StreamOwners | None":
    """The records of stream owners; None in a stack without live logs."""
    known = settings()
    if not known.live_log_groups:
        return None
    from jetbridge.logs.live.owners import StreamOwners

    return StreamOwners(live(), frozenset(known.live_log_groups), known.region)
