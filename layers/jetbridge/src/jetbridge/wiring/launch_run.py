"""The service of launch_run."""

from jetbridge.aws import client
from jetbridge.pacing.dynamodb import DynamoPacer, Pace
from jetbridge.services.launch import Launch
from jetbridge.wiring.at_start import at_start
from jetbridge.wiring.backends import Backends, batch, ecs
from jetbridge.wiring.launched import tell_launched, tell_waiting
from jetbridge.wiring.live import note_streams
from jetbridge.wiring.parts import endings, groups, launch_queue, runs, settings, stop_queue


def launch() -> Launch:
    return Launch(
        runs=runs(),
        backends=Backends(),
        endings=endings(tell_waiting()),
        launches=launch_queue(),
        stops=stop_queue(),
        pacer=pacer(),
        tell=tell_launched(),
        stack_key=settings().stack_key,
        streams=note_streams(),
        groups=groups(),
    )


def pacer() -> DynamoPacer:
    known = settings()
    return DynamoPacer(
        client("dynamodb"),
        known.runs_table,
        {
            "ecs": Pace.of(known.ecs_launches_per_second),
            "batch": Pace.of(known.batch_submits_per_second),
        },
    )


at_start(launch, ecs, batch)
