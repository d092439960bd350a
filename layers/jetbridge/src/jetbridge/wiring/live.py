"""Live logs, for the services that know whose the streams are."""

from jetbridge.aws import client
from jetbridge.live.dynamodb import DynamoLive
from jetbridge.services.live.streams import NoteStreams
from jetbridge.wiring.parts import settings


def live() -> DynamoLive:
    return DynamoLive(client("dynamodb"), settings().runs_table)


def note_streams() -> NoteStreams | None:
    """None in a stack without live logs."""
    known = settings()
    if not known.live_log_groups:
        return None
    return NoteStreams(live(), frozenset(known.live_log_groups), known.region)
