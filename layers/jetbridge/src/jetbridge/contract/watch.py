"""The watch request: asks how far runs are, and to be notified when one ends."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from jetbridge.contract.callers import AirflowCaller, AirflowName, Caller
from jetbridge.contract.foreign import BatchJob, EcsTask, ForeignState
from jetbridge.contract.moments import EpochSeconds
from jetbridge.contract.outcome import Outcome
from jetbridge.contract.run_ids import RunId

MAX_WATCHED_RUNS = 10
"""So that the outcomes fit into a Lambda function's answer of 6 MB."""


class WatchRequest(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Asks about runs that another caller may have started, or that don't exist yet.

    Attributes:
        run_ids: up to 10; without any, the answer says what stack this is.
        caller: a task instance that waits for these runs without a trigger, and is finished with
            Airflow's stock API when one of them has ended (``rest``); it needs the stack's
            ``AirflowSecretArn``. Runs that have ended, or don't exist yet, notify nobody: watch
            them again.
        airflow: the Airflow of ``caller``.
        foreign: a task or job that somebody else started, beside the runs.
    """

    run_ids: Annotated[list[RunId], Meta(max_length=MAX_WATCHED_RUNS)] = []
    caller: AirflowCaller | None = None
    airflow: AirflowName = "default"
    foreign: EcsTask | BatchJob | UnsetType = UNSET
    version: Literal[1] = 1


class WatchedRun(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far a run is.

    Attributes:
        status: ``accepted``, ``launching``, ``launched`` or ``ended``; an ended run without
            ``outcome`` is about to have it.
        caller: who started it.
        created_at: when it was accepted, epoch seconds; of a run of which only the outcome is
            left, the earliest moment that this tells.
        backend_id: ECS task ARN or Batch job id of its current launch, once known.
        outcome: once it is sealed.
    """

    status: Literal["accepted", "launching", "launched", "ended"]
    backend: Literal["ecs", "batch"]
    caller: Caller
    created_at: EpochSeconds
    launch: int = 1
    backend_id: str | None = None
    outcome: Outcome | None = None


class WatchAnswer(Struct, frozen=True, kw_only=True):
    """What is known of the runs, by run id. A run that isn't known is absent.

    Attributes:
        runs: by the id that was asked for, also where an earlier try's run answers for it.
        outcomes_table: the DynamoDB table in which sealed outcomes appear.
        stop_function: the Lambda function that takes a ``StopRequest``.
        foreign: what is known of the task or job that was asked for.
    """

    runs: dict[str, WatchedRun]
    outcomes_table: str
    stop_function: str
    region: str
    foreign: ForeignState | UnsetType = UNSET
    version: Literal[1] = 1
