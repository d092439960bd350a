"""The ECS task or Batch job of a run that has not ended."""

from typing import Literal

from msgspec import Struct

from jetbridge.contract.moments import EpochSeconds
from jetbridge.contract.outcome import LogStream


class Launched(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A run's current launch, as the outcomes table has it until the outcome takes its place.

    Attributes:
        backend_id: ECS task ARN or Batch job id.
        launch: which launch of the run it is, from 1.
        launched_at: when Jetbridge recorded the backend id, epoch seconds.
        started_at: since when its container has been running, ISO 8601 in UTC; None before that.
        log_streams: the log streams of its containers that are known so far.
    """

    run_id: str
    backend: Literal["ecs", "batch"]
    region: str
    backend_id: str
    launched_at: EpochSeconds
    launch: int = 1
    cluster: str | None = None
    job_queue: str | None = None
    definition: str | None = None
    log_streams: list[LogStream] = []
    started_at: str | None = None
    version: Literal[1] = 1
