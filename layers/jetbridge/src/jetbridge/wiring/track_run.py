"""The service of track_run."""

from jetbridge.tracking.track import Track
from jetbridge.wiring.at_start import at_start
from jetbridge.wiring.endings import endings
from jetbridge.wiring.live import stream_owners
from jetbridge.wiring.parts import runs, settings, stop_queue
from jetbridge.wiring.progress import launched_writer, waiting_writer


def track() -> Track:
    waits = waiting_writer()
    return Track(
        runs=runs(),
        endings=endings(waits),
        stops=stop_queue(),
        launched=launched_writer(),
        stack_key=settings().stack_key,
        streams=stream_owners(),
        waits=waits,
    )


at_start(track)
