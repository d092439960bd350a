"""Live logs, for the services that record which run a log stream belongs to."""

from jetbridge.aws.clients import client
from jetbridge.logs.live.dynamodb import DynamoLive
from jetbridge.logs.live.owners import StreamOwners
from jetbridge.wiring.parts import settings


def live() -> DynamoLive:
    return DynamoLive(client("dynamodb"), settings().runs_table)


def stream_owners() -> StreamOwners | None:
    """The records of stream owners; None in a stack without live logs."""
    known = settings()
    if not known.live_log_groups:
        return None
    return StreamOwners(live(), frozenset(known.live_log_groups), known.region)
