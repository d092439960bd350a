"""The service of track_run."""

from functools import lru_cache
from typing import TYPE_CHECKING

from jetbridge.aws.clients import client
from jetbridge.outcomes.dynamodb import DynamoOutcomes
from jetbridge.runs.run import Definition
from jetbridge.tracking.track import Track
from jetbridge.wiring.at_start import at_start
from jetbridge.wiring.backends import Backends, repeating_ecs
from jetbridge.wiring.endings import endings
from jetbridge.wiring.live import stream_owners
from jetbridge.wiring.parts import notify_queue, runs, settings, stop_queue
from jetbridge.wiring.progress import launched_writer, waiting_writer

if TYPE_CHECKING:
    from jetbridge.tracking.foreign import TrackForeign


def track() -> Track:
    waits = waiting_writer()
    return Track(
        runs=runs(),
        endings=endings(waits),
        stops=stop_queue(),
        launched=launched_writer(),
        stack_key=settings().stack_key,
        streams=stream_owners(),
        waits=waits,
        foreign=foreign(),
    )


def foreign() -> "TrackForeign | None":
    """What records others' tasks and jobs; None in a stack that watches none, whose cold start does
    without the modules for it."""
    known = settings()
    if not known.watched_cluster_arns and not known.watched_job_queue_arns:
        return None
    from jetbridge.tracking.assets import asset_rules
    from jetbridge.tracking.foreign import TrackForeign

    outcomes = DynamoOutcomes(client("dynamodb"), known.outcomes_table)
    return TrackForeign(
        outcomes,
        outcomes,
        _task_definition,
        known.stack_key,
        known.region,
        asset_rules(known.asset_events),
        notify_queue() if known.asset_events else None,
    )


@lru_cache(maxsize=256)
def _task_definition(arn: str) -> Definition:
    """Read each revision only once per process: a revision never changes."""
    return Backends(repeating_ecs)["ecs"].resolve({"taskDefinition": arn})


at_start(track)
