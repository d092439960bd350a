"""Complete EventBridge events, sent in the order of the state changes."""

import logging
import queue
import threading
import time
import uuid
from datetime import UTC, datetime
from typing import Any

from .config import EngineConfig
from .ports import EventSink

logger = logging.getLogger(__name__)

_PATIENCE_SECONDS = 10.0


def milliseconds(seconds: float) -> int:
    """Seconds since the epoch as whole milliseconds."""
    return int(seconds * 1000)


def iso_milliseconds(seconds: float) -> str:
    """``2020-01-23T17:57:58.103Z``, as ECS writes times in its events."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def iso_seconds(seconds: float) -> str:
    """``2020-01-23T17:57:58Z``, as EventBridge writes an event's own time."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class EventEmitter:
    """Puts the envelope around details and passes the events to the sink. This happens in a
    separate thread, so a slow sink delays neither calls nor containers."""

    def __init__(self, config: EngineConfig, sink: EventSink, source: str) -> None:
        self._config = config
        self._sink = sink
        self._source = source
        self._queue: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=f"{source}-events", daemon=True)
        self._thread.start()

    def emit(self, detail_type: str, resource: str, detail: dict[str, Any]) -> None:
        self._queue.put(
            {
                "version": "0",
                "id": str(uuid.uuid4()),
                "detail-type": detail_type,
                "source": self._source,
                "account": self._config.account,
                "time": iso_seconds(time.time()),
                "region": self._config.region,
                "resources": [resource],
                "detail": detail,
            }
        )

    def close(self) -> None:
        """Return when the sink has received everything that was emitted, or when it hangs."""
        if self._thread.is_alive():
            self._queue.put(None)
            self._thread.join(_PATIENCE_SECONDS)
            if self._thread.is_alive():
                logger.error("The event sink hangs; %d events are lost", self._queue.qsize())

    def _run(self) -> None:
        while (event := self._queue.get()) is not None:
            try:
                self._sink.emit(event)
            except Exception:
                logger.exception("The event sink refused %s", event["id"])
