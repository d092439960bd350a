"""Stop containers that carry Jetbridge's token and that no row accounts for."""

from collections.abc import Mapping
from dataclasses import dataclass

from jetbridge.backends.port import Backend, Throttled, Unanswered
from jetbridge.contract import to_builtins
from jetbridge.domain.orphans import Orphan
from jetbridge.queues.port import Queue

THROTTLED_SECONDS = 5


def queue_orphan(stops: Queue, orphan: Orphan, delay_seconds: int = 0) -> None:
    """Queue the stop of an orphan, as ``{"orphan": ...}``; again is harmless."""
    stops.send({"orphan": to_builtins(orphan)}, delay_seconds)


@dataclass(frozen=True)
class StopOrphan:
    backends: Mapping[str, Backend]
    stops: Queue

    def __call__(self, orphan: Orphan) -> None:
        """Ask for its end; where AWS asks for patience, the message is sent anew."""
        backend = self.backends[orphan.backend]
        try:
            backend.stop(orphan.backend_id, {"cluster": orphan.place}, orphan.reason)
        except (Throttled, Unanswered):
            queue_orphan(self.stops, orphan, THROTTLED_SECONDS)
