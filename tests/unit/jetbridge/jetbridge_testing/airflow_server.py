"""An API server on the loopback that answers as set, and checks its callers."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

USER, PASSWORD = "bot", "correct-horse-battery"


class Reply(NamedTuple):
    """What the server answers; ``content`` as it is, or ``body`` as JSON."""

    status: int
    body: Any = None
    headers: dict[str, str] = {}  # noqa: RUF012
    content: bytes | None = None


class Request(NamedTuple):
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


Handler = Callable[[Request], Reply]


class AirflowServer:
    """Gives tokens for ``users`` and answers routes to who shows one that it knows.

    ``replies`` are given once, first ones first; ``routes`` answer what has none; ``closes``
    is how many connections are closed without an answer before that.
    """

    def __init__(self) -> None:
        self.users = {USER: PASSWORD}
        self.tokens: set[str] = set()
        self.token_replies: list[Reply] = []
        self.replies: list[Reply] = []
        self.routes: dict[tuple[str, str], Handler] = {}
        self.requests: list[Request] = []
        self.made = 0
        self.closes = 0
        self.connections = 0
        self.hang = threading.Event()
        self.hangs = False
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        # Callers that hang up early are what some tests are about.
        self._server.handle_error = lambda request, client_address: None  # type: ignore[method-assign]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def account(self, **fields: Any) -> dict[str, Any]:
        return {"url": self.url, "username": USER, "password": PASSWORD} | fields

    def secret(self, **fields: Any) -> str:
        return json.dumps({"default": self.account(**fields)})

    @property
    def calls(self) -> list[tuple[str, str]]:
        """What was called besides the login."""
        return [(seen.method, seen.path) for seen in self.requests if seen.path != "/auth/token"]

    def new_token(self) -> str:
        self.made += 1
        token = f"eyJ-token-{self.made}"
        self.tokens.add(token)
        return token

    def answer(self, request: Request) -> Reply:
        self.requests.append(request)
        if request.path == "/auth/token":
            return self._log_in(request)
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if given not in self.tokens:
            return Reply(401, {"detail": "Invalid JWT token"})
        if self.replies:
            return self.replies.pop(0)
        route = self.routes.get((request.method, request.path))
        return route(request) if route else Reply(404, {"detail": "Not Found"})

    def _log_in(self, request: Request) -> Reply:
        if self.token_replies:
            return self.token_replies.pop(0)
        if self.users.get(request.body.get("username")) != request.body.get("password"):
            return Reply(401, {"detail": "Invalid credentials"})
        return Reply(201, {"access_token": self.new_token()})

    @contextmanager
    def serving(self) -> Iterator["AirflowServer"]:
        thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.hang.set()
            self._server.shutdown()
            self._server.server_close()
            thread.join()


def _handler(airflow: AirflowServer) -> type[BaseHTTPRequestHandler]:
    class Handled(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Head and body in one packet: a second one waits for the first one's acknowledgement.
        wbufsize = -1

        def setup(self) -> None:
            super().setup()
            airflow.connections += 1

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            content = self.rfile.read(length)
            if airflow.hangs:
                airflow.hang.wait(30)
            if airflow.closes:
                airflow.closes -= 1
                self.close_connection = True
                return
            url = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = json.loads(content) if content else None
            query = dict(parse_qsl(url.query))
            reply = airflow.answer(Request(self.command, url.path, query, headers, body))
            sent = reply.content
            if sent is None:
                sent = b"" if reply.body is None else json.dumps(reply.body).encode()
            self.send_response(reply.status)
            for name, value in ({"Content-Length": str(len(sent))} | reply.headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(sent)

        do_GET = do_POST = do_PATCH = _serve

        def log_message(self, format: str, *arguments: Any) -> None:
            """The tests' output stays readable."""

    return Handled
