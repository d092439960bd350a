"""The Lambda Runtime API for one execution environment.

Source: AWS Lambda developer guide, "Using the Lambda runtime API for custom runtimes".
"""

import json
import queue
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

# "Lambda quotas": a synchronous answer has at most 6 MB; this is the figure in Lambda's own error.
MAX_RESPONSE_BYTES = 6_291_556

_INVOCATION = re.compile(r"/2018-06-01/runtime/invocation/([^/]+)/(response|error)")


@dataclass(frozen=True, kw_only=True)
class Invocation:
    """One event on its way to the function. ``deadline_ms`` is in ms since the epoch."""

    request_id: str
    event: bytes
    deadline_ms: int
    function_arn: str
    trace_id: str


@dataclass(frozen=True)
class Answer:
    """What the runtime posted for an invocation."""

    payload: Any
    failed: bool


class RuntimeApi:
    """A server on loopback that one runtime process talks to.

    ``changed`` is called, from a server thread, after each report of the runtime: that it asks
    for an event, that its start failed, or an invocation's answer. ``polls`` is set while it waits
    for an event.
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        self.polls = threading.Event()
        self.init_error: Any = None
        self._changed = changed
        self._pending: queue.SimpleQueue[Invocation | None] = queue.SimpleQueue()
        self._current: str | None = None
        self._answer: Answer | None = None
        self._lock = threading.Lock()
        self._server = _Server(self)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.1,), name="lambda-runtime-api", daemon=True
        )
        self._thread.start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._server.server_address[1]}"

    def give(self, invocation: Invocation) -> None:
        """Hand an event to the runtime's next poll."""
        with self._lock:
            self._current = invocation.request_id
            self._answer = None
            self.polls.clear()
        self._pending.put(invocation)

    def answer(self) -> Answer | None:
        """The answer to the invocation given last, or None while it runs."""
        with self._lock:
            return self._answer

    def close(self) -> None:
        self._pending.put(None)
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=1)

    def next_invocation(self) -> Invocation | None:
        """Wait for the next event; None when the environment ends. For the request handler."""
        self.polls.set()
        self._changed()
        return self._pending.get()

    def settle(self, request_id: str, answer: Answer) -> bool:
        """Take an answer; false if no such invocation is running. For the request handler."""
        with self._lock:
            if request_id != self._current:
                return False
            self._current = None
            self._answer = answer
        self._changed()
        return True

    def fail_init(self, error: Any) -> None:
        """The runtime couldn't load the function. For the request handler."""
        self.init_error = error
        self._changed()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, api: RuntimeApi) -> None:
        self.api = api
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Do nothing: a runtime process that was ended leaves broken connections."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        if not self.path.endswith("/runtime/invocation/next"):
            self._send(404, {"errorType": "NotFound", "errorMessage": self.path})
            return
        invocation = self.server.api.next_invocation()
        if invocation is None:
            self.close_connection = True
            return
        self._send_invocation(invocation)

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length")
        if length is None:
            self.close_connection = True
            self._send(411, {"errorType": "LengthRequired", "errorMessage": self.path})
            return
        body = self.rfile.read(int(length))
        if self.path.endswith("/runtime/init/error"):
            self.server.api.fail_init(_decode(body))
            self._send(202, {"status": "OK"})
        elif match := _INVOCATION.search(self.path):
            self._take_answer(match[1], match[2] == "error", body)
        else:
            self._send(404, {"errorType": "NotFound", "errorMessage": self.path})

    def _take_answer(self, request_id: str, failed: bool, body: bytes) -> None:
        status, reply = 202, {"status": "OK"}
        answer = Answer(_decode(body), failed)
        if len(body) > MAX_RESPONSE_BYTES:
            status = 413
            reply = {
                "errorType": "Function.ResponseSizeTooLarge",
                "errorMessage": "Response payload size exceeded maximum allowed payload size"
                f" ({MAX_RESPONSE_BYTES} bytes).",
            }
            answer = Answer(reply, failed=True)
        if not self.server.api.settle(request_id, answer):
            status = 400
            reply = {"errorType": "InvalidRequestID", "errorMessage": "Invalid request ID"}
        self._send(status, reply)

    def _send_invocation(self, invocation: Invocation) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(invocation.event)))
        self.send_header("Lambda-Runtime-Aws-Request-Id", invocation.request_id)
        self.send_header("Lambda-Runtime-Deadline-Ms", str(invocation.deadline_ms))
        self.send_header("Lambda-Runtime-Invoked-Function-Arn", invocation.function_arn)
        self.send_header("Lambda-Runtime-Trace-Id", invocation.trace_id)
        self.end_headers()
        self.wfile.write(invocation.event)

    def _send(self, status: int, content: dict[str, str]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Do nothing: the function's own log says what happened."""


def _decode(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return body.decode(errors="replace")
