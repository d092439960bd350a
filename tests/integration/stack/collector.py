"""A collector of OpenTelemetry's that keeps what it is sent, on loopback."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HEADERS = {"Api-Key": "of-the-collector"}
"""What it wants to be sent with each request."""


class Collector:
    """Takes OTLP over HTTP as JSON; 401 without ``HEADERS``."""

    def __init__(self) -> None:
        self._spans: list[dict[str, Any]] = []
        self._lock = threading.Lock()
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                known = all(self.headers[name] == value for name, value in HEADERS.items())
                right = self.path == "/v1/traces"
                if known and right:
                    collector._take(body)
                self.send_response(200 if known and right else 401)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def _take(self, body: dict[str, Any]) -> None:
        with self._lock:
            self._spans += [
                span
                for resource in body["resourceSpans"]
                for scope in resource["scopeSpans"]
                for span in scope["spans"]
            ]

    def of_trace(self, trace_id: str) -> list[dict[str, Any]]:
        """The spans of a trace, each once, in the order in which they came."""
        with self._lock:
            found = {each["spanId"]: each for each in self._spans if each["traceId"] == trace_id}
        return list(found.values())

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
