"""The services of sweep_runs."""

from concurrent.futures import ThreadPoolExecutor
from functools import cache

from jetbridge.tracking.audit import Audit
from jetbridge.tracking.sweep import Sweep
from jetbridge.wiring.at_start import at_start
from jetbridge.wiring.backends import Backends, repeating_ecs
from jetbridge.wiring.endings import endings, groups
from jetbridge.wiring.parts import launch_queue, runs, settings, stop_queue
from jetbridge.wiring.progress import waiting_writer
from jetbridge.wiring.telemetry import unreadable
from jetbridge.wiring.track_run import track

# A client's pool has ten connections.
THREADS = 8


def sweep() -> Sweep:
    return Sweep(
        runs=runs(),
        backends=Backends(repeating_ecs),
        track=track(),
        endings=endings(waiting_writer()),
        launches=launch_queue(),
        stops=stop_queue(),
        check_after_seconds=settings().check_after_seconds,
        each=_threads().map,
        report=unreadable,
    )


def audit() -> Audit:
    known = settings()
    return Audit(
        runs=runs(),
        backends=Backends(repeating_ecs),
        track=track(),
        places={"ecs": known.cluster_arns, "batch": known.job_queue_arns},
        each=_threads().map,
        report=unreadable,
        groups=groups(),
    )


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(THREADS)


at_start(sweep)
