"""What the queues between the functions carry."""

from typing import Annotated, Any, NamedTuple

from msgspec import Meta, Struct

from jetbridge.contract.run_ids import RunId

# Attributes of a message in a dead-letter queue that a function gave up at once: why, and the id
# that it had before, which is in the function's log.
REASON = "JETBRIDGE_REASON"
MESSAGE_ID = "JETBRIDGE_MESSAGE_ID"


class Times(NamedTuple):
    """When a message was sent, and first received, epoch seconds; None: its queue doesn't say.
    ``again``: it may have been received before.

    The times stay when it comes again (API reference of ReceiveMessage, ``SentTimestamp``,
    ``ApproximateFirstReceiveTimestamp`` and ``ApproximateReceiveCount``).
    """

    sent: float | None = None
    first_received: float | None = None
    again: bool = True


Launch = Annotated[int, Meta(ge=1, le=1_000_000_000)]


Since = Annotated[float, Meta(ge=0, le=1e11)] | None
"""Since when the message has been put off, epoch seconds; None: it hasn't yet."""


class Waiting(Struct, frozen=True):
    """What a message of the stop queue has beside a ``StopRequest`` or an ``Orphan``."""

    since: Since = None


class LaunchMessage(Struct, frozen=True, kw_only=True):
    """Of the launch queue: make this launch of the run."""

    run_id: RunId
    launch: Launch
    since: Since = None


class FinishMessage(Struct, frozen=True, kw_only=True):
    """Of the finish queue: seal and deliver the outcome of the run."""

    run_id: RunId


class CopyMessage(Struct, frozen=True, kw_only=True):
    """Of the logs queue: copy the log of the run, or one ``LogPart`` of it.

    ``keys`` are those of all parts of the run. ``since`` is since when nothing of the part could be
    read.
    """

    run_id: RunId
    part: dict[str, Any] | None = None
    keys: list[str] = []
    since: Since = None
