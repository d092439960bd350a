"""The service of track_run."""

from jetbridge.services.track import Track
from jetbridge.wiring.parts import endings, runs, settings


def track() -> Track:
    return Track(runs(), endings(), settings().stack_key)
