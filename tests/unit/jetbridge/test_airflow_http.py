"""Airflow's API over real HTTP: tokens, time-outs, and no secret in any error."""

import json
import socket
import ssl
import threading
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
import trustme
from jetbridge_testing.airflow_server import PASSWORD, AirflowServer, Reply
from jetbridge_testing.clock import Clock

from jetbridge.notify import http
from jetbridge.notify.accounts import CACHE_SECONDS, Accounts
from jetbridge.notify.airflow_port import Answer, Refused, Unavailable
from jetbridge.notify.http import HttpAirflows

PATH = "/api/v2/dags"


@pytest.fixture
def server() -> Iterator[AirflowServer]:
    with AirflowServer().serving() as serving:
        serving.routes["GET", PATH] = lambda request: Reply(200, {"dags": []})
        serving.routes["POST", PATH] = lambda request: Reply(200, request.body)
        yield serving


class Caller:
    """A client of the server whose secret may be changed, and how often it was read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.reads = 0
        self.clock = Clock()
        self.airflows = HttpAirflows(
            Accounts(self._read, self.clock), connect_seconds=0.5, read_seconds=0.5
        )

    def _read(self) -> str:
        self.reads += 1
        return self.text

    def call(self, method: str = "GET", path: str = PATH, **arguments: Any) -> Answer:
        return self.airflows.call("default", method, path, **arguments)


@pytest.fixture
def caller(server: AirflowServer) -> Caller:
    return Caller(server.secret())


def _logins(server: AirflowServer) -> int:
    return sum(seen.path == "/auth/token" for seen in server.requests)


def test_logs_in_once_and_keeps_the_token_and_the_connection(
    server: AirflowServer, caller: Caller
) -> None:
    answers = [caller.call() for _ in range(3)]
    assert answers == [Answer(status=200, body={"dags": []})] * 3
    assert (_logins(server), caller.reads, server.connections) == (1, 1, 1)


def test_connection_that_was_idle_for_long_is_not_used_again(server: AirflowServer) -> None:
    clock = Clock()
    airflows = HttpAirflows(Accounts(server.secret), clock=clock)
    airflows.call("default", "GET", PATH)
    clock.advance(http.IDLE_SECONDS + 1)
    airflows.call("default", "GET", PATH)
    assert server.connections == 2


def test_body_and_query_arrive(server: AirflowServer, caller: Caller) -> None:
    body = {"text": "ä\n", "list": [1, None]}
    assert caller.call("POST", body=body, query={"a": "x&y=ü"}).body == body
    assert server.requests[-1].query == {"a": "x&y=ü"}
    assert server.requests[-1].headers["content-type"] == "application/json"


def test_expired_token_is_renewed_once(server: AirflowServer, caller: Caller) -> None:
    caller.call()
    server.tokens.clear()
    assert caller.call().status == 200
    assert (_logins(server), caller.reads) == (2, 1)


def test_rotated_password_is_read_again(server: AirflowServer, caller: Caller) -> None:
    caller.call()
    server.tokens.clear()
    server.users["bot"] = "rotated"
    caller.text = server.secret(password="rotated")
    assert caller.call().status == 200
    assert caller.reads == 2


def test_wrong_password(server: AirflowServer, caller: Caller) -> None:
    server.users["bot"] = "other"
    with pytest.raises(Unavailable, match=r"'default'.*credentials"):
        caller.call()
    assert (server.calls, _logins(server), caller.reads) == ([], 1, 2)


def test_credentials_that_log_in_and_are_rejected_all_the_same(
    server: AirflowServer, caller: Caller
) -> None:
    server.replies = [Reply(401)] * 9
    with pytest.raises(Unavailable, match="401"):
        caller.call()
    assert len(server.calls) == 1


def test_token_whose_signature_is_unknown_is_renewed(server: AirflowServer, caller: Caller) -> None:
    """As after a change of Airflow's jwt_secret."""
    caller.call()
    server.replies = [Reply(403, {"detail": "Invalid JWT token"})]
    assert caller.call().status == 200
    assert _logins(server) == 2


def test_what_the_user_may_not_do_stays_forbidden_until_the_secret_is_corrected(
    server: AirflowServer, caller: Caller
) -> None:
    server.routes["GET", PATH] = lambda request: Reply(403, {"detail": "Forbidden"})
    assert [caller.call().status for _ in range(2)] == [403, 403]
    assert _logins(server) == 2
    server.routes["GET", PATH] = lambda request: Reply(200 if server.users.get("op") else 403)
    server.users["op"] = "password"
    caller.text = json.dumps(
        {"default": {"url": server.url, "username": "op", "password": "password"}}
    )
    assert caller.call().status == 200


def test_token_in_the_secret(server: AirflowServer) -> None:
    account = {"url": server.url, "token": server.new_token()}
    caller = Caller(json.dumps({"default": account}))
    assert caller.call().status == 200
    server.tokens.clear()
    with pytest.raises(Unavailable, match="rejects"):
        caller.call()
    caller.text = json.dumps({"default": account | {"token": server.new_token()}})
    assert caller.call().status == 200
    assert _logins(server) == 0


def test_secret_is_read_again_after_five_minutes(server: AirflowServer, caller: Caller) -> None:
    caller.call()
    caller.clock.advance(CACHE_SECONDS - 1)
    caller.call()
    assert caller.reads == 1
    caller.clock.advance(1)
    caller.call()
    assert caller.reads == 2


@pytest.mark.parametrize("status", [500, 502, 503, 429])
def test_login_that_is_down(server: AirflowServer, caller: Caller, status: int) -> None:
    server.token_replies = [Reply(status, headers={"Retry-After": "7"})]
    with pytest.raises(Unavailable) as failure:
        caller.call()
    assert failure.value.retry_after == 7


@pytest.mark.parametrize(
    "reply",
    [
        Reply(404, {"detail": "Not Found"}),
        Reply(200, content=b"<html>"),
        Reply(201, {"token": "x"}),
        Reply(307, headers={"Location": "https://elsewhere.example.org"}),
        Reply(422),
    ],
)
def test_an_answer_to_the_login_without_a_token(
    server: AirflowServer, caller: Caller, reply: Reply
) -> None:
    server.token_replies = [reply]
    with pytest.raises(Refused, match="access_token"):
        caller.call()


def test_redirects_are_not_followed(server: AirflowServer, caller: Caller) -> None:
    server.replies = [Reply(302, headers={"Location": "/elsewhere"})]
    assert caller.call().status == 302
    assert server.calls == [("GET", PATH)]


def test_closed_port() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    account = {"url": f"http://127.0.0.1:{port}", "token": "t"}
    with pytest.raises(Unavailable, match="does not answer"):
        Caller(json.dumps({"default": account})).call()


def test_connection_that_breaks(server: AirflowServer, caller: Caller) -> None:
    caller.call()
    server.closes = 1
    with pytest.raises(Unavailable, match="does not answer"):
        caller.call()
    assert caller.call().status == 200


def test_server_that_hangs(server: AirflowServer, caller: Caller) -> None:
    caller.call()
    server.hangs = True
    with pytest.raises(Unavailable, match="ReadTimeoutError"):
        caller.call()


def test_body_that_drips() -> None:
    """Each byte comes in time, the answer as a whole doesn't."""
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def drip() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                while not done.wait(0.1):
                    try:
                        connection.sendall(b"1\r\n \r\n")
                    except OSError:
                        return

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        with pytest.raises(Unavailable, match="too long"):
            Caller(json.dumps({"default": {"url": url, "token": "t"}})).call()
        done.set()
        thread.join()


def test_answer_that_is_too_large(server: AirflowServer, caller: Caller) -> None:
    server.replies = [Reply(200, content=b" " * (http.ANSWER_BYTES + 1))]
    with pytest.raises(Refused, match="bytes"):
        caller.call()
    assert caller.call().status == 200


@pytest.mark.parametrize("content", [b"", b"<html>", b"\xff", b"[" * 100_000])
def test_answer_that_is_no_json(server: AirflowServer, caller: Caller, content: bytes) -> None:
    server.replies = [Reply(200, content=content)]
    assert caller.call() == Answer(status=200)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("12", 12), ("0", 0), ("-3", None), ("soon", None), ("1.5", None), ("9" * 50, 999_999_999)],
)
def test_retry_after(
    server: AirflowServer, caller: Caller, header: str, seconds: float | None
) -> None:
    server.replies = [Reply(425, headers={"Retry-After": header})]
    assert caller.call().retry_after == seconds


@pytest.mark.parametrize(("ahead", "least", "most"), [(90, 85, 91), (-90, 0, 0)])
def test_retry_after_a_date(
    server: AirflowServer, caller: Caller, ahead: int, least: float, most: float
) -> None:
    moment = datetime.now(UTC) + timedelta(seconds=ahead)
    server.replies = [Reply(429, headers={"Retry-After": format_datetime(moment, usegmt=True)})]
    seconds = caller.call().retry_after
    assert seconds is not None
    assert least <= seconds <= most


def test_certificates_are_verified() -> None:
    """A server whose certificate nobody vouches for gets no credentials."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(context)
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            try:
                with context.wrap_socket(connection, server_side=True) as wrapped:
                    heard.append(wrapped.recv(1024))
            except (OSError, ssl.SSLError):
                connection.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        url = f"https://localhost:{listening.getsockname()[1]}"
        with pytest.raises(Unavailable, match="SSLError"):
            Caller(json.dumps({"default": {"url": url, "token": "t"}})).call()
        thread.join()
    assert heard in ([], [b""])


def _break(server: AirflowServer, how: str) -> None:
    match how:
        case "password":
            server.users["bot"] = "other"
        case "login":
            server.token_replies = [Reply(404, {"detail": f"no user {PASSWORD}"})]
        case "hang":
            server.hangs = True
        case "close":
            server.closes = 9
        case "size":
            server.replies = [Reply(200, content=b" " * (http.ANSWER_BYTES + 1))]


@pytest.mark.parametrize("how", ["password", "login", "hang", "close", "size"])
def test_no_failure_tells_what_is_secret(
    server: AirflowServer, caller: Caller, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    if how not in ("password", "login"):
        caller.call()
    _break(server, how)
    with pytest.raises((Unavailable, Refused)) as failure:
        caller.call()
    said = "".join(traceback.format_exception(failure.value)) + repr(failure.value) + caplog.text
    assert PASSWORD not in said
    assert "eyJ-token" not in said
