"""Stop containers that carry Jetbridge's token and that no row accounts for."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from jetbridge.backends.port import Backend, Throttled, Unanswered
from jetbridge.contract import to_builtins
from jetbridge.domain.orphans import Orphan
from jetbridge.domain.patience import PATIENCE, is_over, throttled_seconds
from jetbridge.queues.port import GiveUp, Queue


def queue_orphan(stops: Queue, orphan: Orphan) -> None:
    """Queue the stop of an orphan, as ``{"orphan": ...}``; again is harmless."""
    stops.send({"orphan": to_builtins(orphan)})


@dataclass(frozen=True)
class StopOrphan:
    backends: Mapping[str, Backend]
    stops: Queue
    clock: Callable[[], float] = time.time

    def __call__(self, orphan: Orphan, since: float | None = None) -> None:
        """Ask for its end; where AWS asks for patience, the message is sent anew.

        Args:
            since: when AWS asked for patience first, epoch seconds; None: it hasn't yet.

        Raises:
            GiveUp: AWS has asked for patience for too long.
        """
        backend = self.backends[orphan.backend]
        try:
            backend.stop(orphan.backend_id, {"cluster": orphan.place}, orphan.reason)
        except (Throttled, Unanswered) as later:
            self._again(orphan, since, later)

    def _again(self, orphan: Orphan, since: float | None, later: Exception) -> None:
        now = self.clock()
        began = now if since is None else since
        if is_over(began, now):
            what = f"the stop of {orphan.backend_id}, which no run accounts for"
            raise GiveUp(f"AWS has put off {what}, for {PATIENCE}: {later}")
        message = {"orphan": to_builtins(orphan), "since": began}
        self.stops.send(message, throttled_seconds(began, now))
