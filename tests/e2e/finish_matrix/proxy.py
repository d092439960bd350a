"""Stands between Jetbridge and Airflow: a path for each name in the secret, and a record."""

import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

PASSED_ON = ("Authorization", "Content-Type", "Accept")
HANDED_BACK = ("Content-Type", "Retry-After")


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request: when (epoch seconds), to which name's path, what was answered; ``status`` is
    None where Airflow wasn't there."""

    at: float
    name: str
    method: str
    path: str
    body: str
    status: int | None


class Proxy:
    """Passes ``/<name>/…`` on to Airflow, some names with a delay; a context manager.

    Where Airflow refuses the connection, it is closed without an answer.
    """

    def __init__(self, delays: dict[str, float]) -> None:
        self.upstream = ""
        self.calls: list[Call] = []
        self.most_at_once = 0
        self._delays = delays
        self._at_once = 0
        self._lock = threading.Lock()
        self._http = httpx.Client(timeout=60, trust_env=False)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "Proxy":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._http.close()

    def statuses(self, containing: str, kind: str = "") -> list[int | None]:
        """The statuses of the calls with one text in path or body and another in the path."""
        return [
            call.status
            for call in list(self.calls)
            if containing in call.path + call.body and kind in call.path
        ]

    def of(self, name: str) -> list[Call]:
        return [call for call in list(self.calls) if call.name == name]

    def _pass_on(self, request: BaseHTTPRequestHandler) -> None:
        at = time.time()
        _, name, path = request.path.split("/", 2)
        body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        with self._lock:
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        answer: httpx.Response | None = None
        try:
            time.sleep(self._delays.get(name, 0.0))
            headers = {key: request.headers[key] for key in PASSED_ON if key in request.headers}
            answer = self._http.request(
                request.command, f"{self.upstream}/{path}", content=body, headers=headers
            )
        except httpx.TransportError:
            request.close_connection = True
        finally:
            with self._lock:
                self._at_once -= 1
        # Passwords and tokens stay out of what a failed assertion prints.
        shown = "" if path.endswith("auth/token") else body.decode()
        self.calls.append(
            Call(
                at=at,
                name=name,
                method=request.command,
                path=f"/{path}",
                body=shown,
                status=answer.status_code if answer is not None else None,
            )
        )
        if answer is not None:
            self._answer(request, answer)

    def _answer(self, request: BaseHTTPRequestHandler, answer: httpx.Response) -> None:
        request.send_response(answer.status_code)
        for name in HANDED_BACK:
            if name in answer.headers:
                request.send_header(name, answer.headers[name])
        request.send_header("Content-Length", str(len(answer.content)))
        request.end_headers()
        request.wfile.write(answer.content)

    def _handler(proxy: Any) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                proxy._pass_on(self)

            do_POST = do_PATCH = do_GET

            def log_message(self, *arguments: object) -> None:
                pass

        return Handler
