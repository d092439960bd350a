"""What the queues between the functions carry."""

from typing import Annotated, Any, Literal, NamedTuple

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


class NamedDefinition(Struct, frozen=True, kw_only=True):
    """A task or job definition as a request names it: by family or name, with or without its
    revision, or by ARN."""

    backend: Literal["ecs", "batch"]
    name: str

    @property
    def parameters(self) -> dict[str, Any]:
        """Of RunTask or SubmitJob, as far as they name it."""
        return {"taskDefinition" if self.backend == "ecs" else "jobDefinition": self.name}


class LaunchMessage(Struct, frozen=True, kw_only=True):
    """Of the launch queue: make this launch of the run.

    Attributes:
        definition: of a run that nobody has begun to launch and that waits for nothing but its
            turn, the task or job definition as its request names it: its launch can be claimed
            before its row has been read.
    """

    run_id: RunId
    launch: Launch
    since: Since = None
    definition: NamedDefinition | None = None


class FinishMessage(Struct, frozen=True, kw_only=True):
    """Of the finish queue: seal and deliver the outcome of the run."""

    run_id: RunId


class CopyMessage(Struct, frozen=True, kw_only=True):
    """Of the logs queue: copy the log of the run, or one ``LogPart`` of it.

    Attributes:
        target: a ``LogTarget`` of the run, to which alone its log is to go; None: to all of them.
        keys: of all parts of the run.
        fresh: nothing of the part has been copied by an earlier message.
        since: since when nothing of the part could be read.
    """

    run_id: RunId
    target: dict[str, Any] | None = None
    part: dict[str, Any] | None = None
    keys: list[str] = []
    fresh: bool = False
    since: Since = None
