"""The services of stop_run."""

from jetbridge.stopping.orphans import StopOrphan
from jetbridge.stopping.stop import StopRuns
from jetbridge.wiring.at_start import at_start
from jetbridge.wiring.backends import Backends, batch, ecs
from jetbridge.wiring.parts import endings, runs, stop_queue


def stop() -> StopRuns:
    return StopRuns(runs(), Backends(), endings(), stop_queue())


def stop_orphan() -> StopOrphan:
    return StopOrphan(Backends(), stop_queue())


at_start(stop, ecs, batch)
