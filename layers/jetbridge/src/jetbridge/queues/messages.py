"""What the queues between the functions carry; copies.py has the messages of the logs queue.

A message is sent as JSON without the members that have their defaults (sqs.py). Messages of the
release before are in the queues while a stack is updated, so a member that is added has a default,
and one that is no longer used is still read for one release.
"""

from typing import Annotated, Any, Literal, NamedTuple

from msgspec import Meta, Struct

from jetbridge.contract import StopRequest, decode
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


class NamedDefinition(Struct, frozen=True, kw_only=True):
    """A task or job definition as a request names it: by family or name, with or without its
    revision, or by ARN."""

    backend: Literal["ecs", "batch"]
    name: str

    @property
    def parameters(self) -> dict[str, Any]:
        """Of RunTask or SubmitJob, as far as they name it."""
        return {"taskDefinition" if self.backend == "ecs" else "jobDefinition": self.name}


class LaunchMessage(Struct, frozen=True, kw_only=True, omit_defaults=True):
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


class StopMessage(StopRequest, frozen=True, kw_only=True, omit_defaults=True):
    """Of the stop queue: stop these runs."""

    since: Since = None


class Orphan(Struct, frozen=True, kw_only=True):
    """A task or job to be stopped by its own name, since no row leads to it."""

    backend: Annotated[str, Meta(pattern=r"^(ecs|batch)\Z")]
    place: str
    backend_id: str
    reason: str


class OrphanMessage(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Of the stop queue: stop a task or job that no run accounts for."""

    orphan: Orphan
    since: Since = None


def stop_or_orphan(message: dict[str, Any]) -> StopMessage | OrphanMessage:
    """A message of the stop queue: an ``OrphanMessage`` has ``orphan``, a ``StopMessage`` hasn't.

    Raises: ContractError
    """
    if "orphan" in message:
        return decode(OrphanMessage, message)
    return decode(StopMessage, message)


class Notice(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """Of the notify queue: one notice for one Airflow.

    Attributes:
        airflow: the Airflow's name in the stack's secret.
        on_finish: which entry of the request's ``on_finish``.
        asset: URI of the asset that a task or job of others updates, which has no request.
        watcher: which of the run's watchers it is for; None, and neither of the above: it is for
            the task that started the run.
        attempt: how often it was put off since the Airflow couldn't be asked.
    """

    run_id: str
    airflow: str
    on_finish: Annotated[int, Meta(ge=0)] | None = None
    asset: str | None = None
    watcher: Annotated[int, Meta(ge=0)] | None = None
    attempt: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    since: Since = None
