"""As much of Airflow's stock API as `rest` needs to finish one task instance."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "a-token"


class OneTask:
    """Serves a task instance that a rescheduling sensor waits in; ``xcoms`` are those it gets."""

    def __init__(self, caller: dict[str, Any]) -> None:
        self._caller = caller
        self.state = "up_for_reschedule"
        self.xcoms: dict[str, Any] = {}
        self.refused: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True

    def account(self) -> dict[str, str]:
        """Its entry in the stack's secret."""
        url = f"http://127.0.0.1:{self._server.server_address[1]}"
        return {"url": url, "token": TOKEN}

    @contextmanager
    def serving(self) -> Iterator["OneTask"]:
        thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    def answer(self, call: str, body: Any) -> tuple[int, Any]:
        """Status and body; ``call`` is the method and the path."""
        dag, run, task = (self._caller[name] for name in ("dag_id", "run_id", "task_id"))
        path = f"/api/v2/dags/{dag}/dagRuns/{run}/taskInstances/{task}"
        if call == f"GET {path}":
            ids = {"id": self._caller["ti_id"], "try_number": self._caller["try_number"]}
            return 200, ids | {"state": self.state, "max_tries": 0}
        if call == f"GET /api/v2/dags/{dag}/tasks/{task}":
            return 200, {"retries": 0}
        if call == f"POST {path}/xcomEntries":
            self.xcoms[body["key"]] = body["value"]
            return 201, {}
        if call == f"PATCH {path}":
            self.state = body["new_state"]
            return 200, {}
        self.refused.append(call)
        return 404, {"detail": "Not Found"}


def _handler(task: OneTask) -> type[BaseHTTPRequestHandler]:
    class Handled(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, body = 401, {}
            if self.headers["Authorization"] == f"Bearer {TOKEN}":
                call = f"{self.command} {self.path}"
                status, body = task.answer(call, json.loads(content) if content else None)
            sent = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        do_GET = do_POST = do_PATCH = _serve

        def log_message(self, format: str, *arguments: Any) -> None:
            """The tests' output stays readable."""

    return Handled
