"""The service of track_run."""

from jetbridge.services.track import Track
from jetbridge.wiring.at_start import at_start
from jetbridge.wiring.launched import tell_launched, tell_waiting
from jetbridge.wiring.live import note_streams
from jetbridge.wiring.parts import endings, runs, settings, stop_queue


def track() -> Track:
    waits = tell_waiting()
    return Track(
        runs=runs(),
        endings=endings(waits),
        stops=stop_queue(),
        tell=tell_launched(),
        stack_key=settings().stack_key,
        streams=note_streams(),
        waits=waits,
    )


at_start(track)
