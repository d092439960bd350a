"""``python -m benchmarks.logcopy.serve``: GetLogEvents over HTTP, of logs made up on demand.

The stream's name says how many lines it has: ``<lines>``. Every tenth page is empty. Prints its
port, then serves until it is ended. ``GET /`` tells how many calls of GetLogEvents there were.
"""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from benchmarks.logcopy.lines import message, page_end, timestamp

_EMPTY = 10


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    calls = 0

    def do_GET(self) -> None:
        self._answer(str(Handler.calls))

    def do_POST(self) -> None:
        parameters = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert self.headers["X-Amz-Target"].endswith(".GetLogEvents")
        Handler.calls += 1
        self._answer(_page(parameters))

    def _answer(self, text: str) -> None:
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None: ...


def _page(parameters: dict[str, Any]) -> str:
    count = int(parameters["logStreamName"])
    token = parameters.get("nextToken")
    start, pages = map(int, token.split("/")[1:]) if token else (0, 0)
    end = start if pages % _EMPTY == _EMPTY - 1 else page_end(start, count)
    at_the_end = token and start == count
    following = token if at_the_end else f"f/{end}/{pages + 1}"
    events = ",".join(map(_event, range(start, end)))
    return f'{{"events": [{events}], "nextForwardToken": "{following}"}}'


def _event(number: int) -> str:
    at = timestamp(number)
    text = message(number)
    return f'{{"timestamp": {at}, "message": "{text}", "ingestionTime": {at + 500}}}'


def main() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
