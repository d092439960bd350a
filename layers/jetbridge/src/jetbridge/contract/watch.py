"""The watch request: asks for the state of runs, and for a notice when one of them ends."""

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
        run_ids: up to 10. Without any, the answer describes the stack.
        caller: a task instance that waits for these runs without a trigger. When one of them has
            ended, notify_airflow finishes it with Airflow's stock API (``rest``). This needs the
            stack's ``AirflowSecretArn``. A run that has ended or doesn't exist yet sends no notice:
            ask again later.
        airflow: the Airflow of ``caller``.
        foreign: also a task or job that somebody else started.
    """

    run_ids: Annotated[list[RunId], Meta(max_length=MAX_WATCHED_RUNS)] = []
    caller: AirflowCaller | None = None
    airflow: AirflowName = "default"
    foreign: EcsTask | BatchJob | UnsetType = UNSET
    version: Literal[1] = 1


class WatchedRun(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The state of a run.

    Attributes:
        status: ``accepted``, ``launching``, ``launched`` or ``ended``. An ended run without
            ``outcome`` will have it soon.
        caller: who started it.
        created_at: when it was accepted, epoch seconds. If only the outcome is left, it is the
            earliest time in the outcome.
        backend_id: ECS task ARN or Batch job id of its current launch; None: not known yet.
        outcome: None: it isn't sealed yet.
    """

    status: Literal["accepted", "launching", "launched", "ended"]
    backend: Literal["ecs", "batch"]
    caller: Caller
    created_at: EpochSeconds
    launch: int = 1
    backend_id: str | None = None
    outcome: Outcome | None = None


class WatchAnswer(Struct, frozen=True, kw_only=True):
    """The state of each run, by run id. An unknown run is absent.

    Attributes:
        runs: by the id in the request, even if an earlier try's run answers for it.
        outcomes_table: the DynamoDB table in which sealed outcomes appear.
        stop_function: the Lambda function that takes a ``StopRequest``.
        foreign: the state of the task or job in the request.
    """

    runs: dict[str, WatchedRun]
    outcomes_table: str
    stop_function: str
    region: str
    foreign: ForeignState | UnsetType = UNSET
    version: Literal[1] = 1
