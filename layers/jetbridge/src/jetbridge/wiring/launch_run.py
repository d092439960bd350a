"""The service of launch_run."""

from jetbridge.aws.clients import client
from jetbridge.launching.launch import Launch
from jetbridge.launching.put_off import Turns
from jetbridge.pacing.dynamodb import DynamoPacer, Pace
from jetbridge.wiring.at_start import at_start
from jetbridge.wiring.backends import Backends, batch, launching_ecs
from jetbridge.wiring.endings import endings, groups
from jetbridge.wiring.live import stream_owners
from jetbridge.wiring.parts import launch_queue, runs, settings, stop_queue
from jetbridge.wiring.progress import launched_writer, waiting_writer


def launch() -> Launch:
    return Launch(
        runs=runs(),
        backends=Backends(launching_ecs),
        endings=endings(waiting_writer()),
        launches=launch_queue(),
        stops=stop_queue(),
        turns=Turns(pacer(), groups()),
        launched=launched_writer(),
        stack_key=settings().stack_key,
        streams=stream_owners(),
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


at_start(launch, launching_ecs, batch)
