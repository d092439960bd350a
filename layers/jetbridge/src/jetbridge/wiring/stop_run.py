"""The service of stop_run."""

from jetbridge.services.stop import StopRuns
from jetbridge.wiring.backends import Backends
from jetbridge.wiring.parts import endings, runs, stop_queue


def stop() -> StopRuns:
    return StopRuns(runs(), Backends(), endings(), stop_queue())
