"""The service of track_run."""

from jetbridge.services.track import Track
from jetbridge.wiring.live import note_streams
from jetbridge.wiring.parts import endings, runs, settings, stop_queue


def track() -> Track:
    return Track(runs(), endings(), stop_queue(), settings().stack_key, note_streams())
