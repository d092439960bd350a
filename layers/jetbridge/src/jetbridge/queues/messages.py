"""The messages of the queues between the functions. copies.py has those of the logs queue.

A message is sent as JSON, and fields with their default value are left out (sqs.py). While a stack
is updated, the queues still contain messages of the release before. So a new field has a default,
and a field that is no longer used is still read for one release.
"""

from typing import Annotated, Any, Literal, NamedTuple

from msgspec import Meta, Struct

from jetbridge.contract import StopRequest, decode
from jetbridge.contract.run_ids import RunId

# Attributes of a message that a function moved to a dead-letter queue itself: the reason, and the
# message's earlier id, which is in the function's log.
REASON = "JETBRIDGE_REASON"
MESSAGE_ID = "JETBRIDGE_MESSAGE_ID"


class Times(NamedTuple):
    """When a message was sent and first received, epoch seconds; None: its queue doesn't say.
    ``again``: the message may have been received before.

    The times stay the same when the message comes again (API reference of ReceiveMessage,
    ``SentTimestamp``, ``ApproximateFirstReceiveTimestamp`` and ``ApproximateReceiveCount``).
    """

    sent: float | None = None
    first_received: float | None = None
    again: bool = True


Launch = Annotated[int, Meta(ge=1, le=1_000_000_000)]


Since = Annotated[float, Meta(ge=0, le=1e11)] | None
"""When the message was first put off, epoch seconds; None: it hasn't been put off."""


class NamedDefinition(Struct, frozen=True, kw_only=True):
    """A task or job definition as a request names it: by ARN, or by family or name, with or without
    a revision."""

    backend: Literal["ecs", "batch"]
    name: str

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters of RunTask or SubmitJob that name the definition."""
        return {"taskDefinition" if self.backend == "ecs" else "jobDefinition": self.name}


class LaunchMessage(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A message of the launch queue: make this launch of the run.

    Attributes:
        definition: the task or job definition as the request names it. It is set if nobody has
            begun to launch the run and the run waits only for its turn. Then launch_run can claim
            the launch before it reads the row.
    """

    run_id: RunId
    launch: Launch
    since: Since = None
    definition: NamedDefinition | None = None


class FinishMessage(Struct, frozen=True, kw_only=True):
    """A message of the finish queue: seal and deliver the outcome of the run."""

    run_id: RunId


class StopMessage(StopRequest, frozen=True, kw_only=True, omit_defaults=True):
    """A message of the stop queue: stop these runs."""

    since: Since = None


class Orphan(Struct, frozen=True, kw_only=True):
    """A task or job that is stopped by its own id: no row refers to it, or Batch can't start it."""

    backend: Annotated[str, Meta(pattern=r"^(ecs|batch)\Z")]
    place: str
    backend_id: str
    reason: str


class OrphanMessage(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A message of the stop queue: stop a task or job by its own id."""

    orphan: Orphan
    since: Since = None


def stop_or_orphan(message: dict[str, Any]) -> StopMessage | OrphanMessage:
    """Decode a message of the stop queue. An ``OrphanMessage`` has ``orphan``, a ``StopMessage``
    hasn't.

    Raises: ContractError
    """
    if "orphan" in message:
        return decode(OrphanMessage, message)
    return decode(StopMessage, message)


class Notice(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """A message of the notify queue: one notice for one Airflow.

    Attributes:
        airflow: the Airflow's name in the stack's secret.
        on_finish: which entry of the request's ``on_finish``.
        asset: URI of the asset that a task or job without a request updates.
        watcher: which of the run's watchers the notice is for. If this and the two fields above are
            None, the notice is for the task that started the run.
        attempt: how often the notice was put off because the Airflow didn't answer.
    """

    run_id: str
    airflow: str
    on_finish: Annotated[int, Meta(ge=0)] | None = None
    asset: str | None = None
    watcher: Annotated[int, Meta(ge=0)] | None = None
    attempt: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    since: Since = None
