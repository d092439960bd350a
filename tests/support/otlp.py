"""A collector of OpenTelemetry traces that keeps what it is sent, on loopback."""

import threading
from typing import Any

from http_server import HttpServer, Reply, Request


class Collector(HttpServer):
    """Takes traces by OTLP over HTTP, in JSON or protobuf.

    Args:
        headers: what each request has to have; the collector answers 401 to others.

    Attributes:
        status: how it answers.
        taken: the requests that it has accepted, in the order in which they came.
    """

    def __init__(self, headers: dict[str, str] | None = None) -> None:
        super().__init__(self._take)
        self.status = 200
        self.taken: list[Request] = []
        self._headers = headers or {}
        self._lock = threading.Lock()

    def _take(self, request: Request) -> Reply:
        known = all(request.headers.get(name) == value for name, value in self._headers.items())
        if not known or not request.path.endswith("/v1/traces"):
            return Reply(401, {})
        with self._lock:
            self.taken.append(request)
        return Reply(self.status, {})

    def spans(self) -> list[dict[str, Any]]:
        """The spans of all requests in JSON, in the order in which they came."""
        with self._lock:
            bodies = [request.json for request in self.taken]
        return [
            span
            for body in bodies
            for resource in body["resourceSpans"]
            for scope in resource["scopeSpans"]
            for span in scope["spans"]
        ]

    def of_trace(self, trace_id: str) -> list[dict[str, Any]]:
        """The spans of a trace, each once, in the order in which they came."""
        found = {each["spanId"]: each for each in self.spans() if each["traceId"] == trace_id}
        return list(found.values())
