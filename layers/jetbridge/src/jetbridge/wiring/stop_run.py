"""The services of stop_run."""

from jetbridge.stopping.orphans import StopOrphan
from jetbridge.stopping.stop import StopRuns
from jetbridge.wiring.at_start import at_start
from jetbridge.wiring.backends import Backends, batch, repeating_ecs
from jetbridge.wiring.endings import endings
from jetbridge.wiring.parts import runs, stop_queue


def stop() -> StopRuns:
    return StopRuns(runs(), Backends(repeating_ecs), endings(), stop_queue())


def stop_orphan() -> StopOrphan:
    return StopOrphan(Backends(repeating_ecs), stop_queue())


at_start(stop, repeating_ecs, batch)
