"""The service of sweep_runs."""

from jetbridge.services.sweep import Sweep
from jetbridge.wiring.backends import Backends
from jetbridge.wiring.parts import launch_queue, runs, settings, stop_queue
from jetbridge.wiring.track_run import track


def sweep() -> Sweep:
    return Sweep(
        runs=runs(),
        backends=Backends(),
        track=track(),
        launches=launch_queue(),
        stops=stop_queue(),
        check_after_seconds=settings().check_after_seconds,
    )
