"""Airflow's API server over HTTP, with a token that is renewed when it is rejected."""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode

import msgspec
import urllib3
from urllib3.exceptions import HTTPError, InvalidHeader

from jetbridge.aws.certificates import system_certificates
from jetbridge.notify.accounts import Account, Accounts
from jetbridge.notify.airflow_port import Answer, Refused, Unavailable

CONNECT_SECONDS = 3
READ_SECONDS = 10
# Enough for a page of 100 assets with everything that refers to them. A larger answer doesn't come
# from Airflow.
ANSWER_BYTES = 4 * 1024 * 1024
# Load balancers close idle connections after a minute, often while the function is frozen.
IDLE_SECONDS = 45

UNAUTHORIZED = 401
# Airflow also answers this to a token with an unknown signature, such as after a change of its
# jwt_secret ("Invalid JWT token").
FORBIDDEN = 403

_CHUNK_BYTES = 64 * 1024


class HttpAirflows:
    """``Airflows`` in one secret; tokens and connections last as long as the process."""

    def __init__(
        self,
        accounts: Accounts,
        connect_seconds: float = CONNECT_SECONDS,
        read_seconds: float = READ_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._accounts = accounts
        self._read_seconds = read_seconds
        self._clock = clock
        self._pool = urllib3.PoolManager(
            num_pools=8,
            retries=False,
            ssl_context=system_certificates(),
            timeout=urllib3.Timeout(connect=connect_seconds, read=read_seconds),
        )
        self._last_call = clock()
        self._tokens: dict[Account, str] = {}

    def call(
        self,
        name: str,
        method: str,
        path: str,
        body: Any = None,
        query: Mapping[str, str] | None = None,
    ) -> Answer:
        """``Airflows.call``."""
        target = path + (f"?{urlencode(query)}" if query else "")
        account = self._accounts.get(name)
        answer = self._with_token(account, method, target, body)
        if answer is None or answer.status == FORBIDDEN:
            renewed = self._accounts.get(name, refresh=True)
            if renewed != account:
                answer = self._with_token(renewed, method, target, body)
        if answer is not None:
            return answer
        raise Unavailable(
            f"Airflow {name!r} at {account.url} rejects the secret's credentials (401): "
            "put valid ones into the secret in AirflowSecretArn"
        )

    def _with_token(self, account: Account, method: str, target: str, body: Any) -> Answer | None:
        """The answer; None if Airflow rejects even renewed credentials."""
        known = account.token or self._tokens.get(account)
        if known is not None:
            answer = self._send(account, method, target, body, known)
            if answer.status not in (UNAUTHORIZED, FORBIDDEN):
                return answer
            self._tokens.pop(account, None)
            if account.token is not None:
                return None if answer.status == UNAUTHORIZED else answer
        token = self._log_in(account)
        if token is None:
            return None
        answer = self._send(account, method, target, body, token)
        if answer.status == UNAUTHORIZED:
            return None
        self._tokens[account] = token
        return answer

    def _log_in(self, account: Account) -> str | None:
        """Gets a new token from Airflow's auth manager; None if it rejects the credentials."""
        where = f"{account.url.rstrip('/')}/auth/token"
        credentials = {"username": account.username, "password": account.password}
        answer = self._send(account, "POST", "/auth/token", credentials)
        if answer.status == UNAUTHORIZED:
            return None
        if answer.status == 429 or answer.status >= 500:
            raise Unavailable(f"{where} answers {answer.status}", answer.retry_after)
        token = answer.body.get("access_token") if isinstance(answer.body, dict) else None
        if answer.status not in (200, 201) or not isinstance(token, str):
            raise Refused(
                f"{where} answers {answer.status} and no access_token: check the url, and that "
                'its auth manager gives tokens for passwords; or put a "token" into the secret'
            )
        return token

    def _send(
        self, account: Account, method: str, target: str, body: Any, token: str | None = None
    ) -> Answer:
        now = self._clock()
        if now - self._last_call > IDLE_SECONDS:
            self._pool.clear()
        self._last_call = now
        headers = {"Accept": "application/json", "User-Agent": "jetbridge"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            response = self._pool.request(
                method,
                account.url.rstrip("/") + target,
                body=None if body is None else msgspec.json.encode(body),
                headers=headers,
                redirect=False,
                preload_content=False,
            )
            try:
                content = self._content(response, account)
            finally:
                response.release_conn()
        except InvalidHeader:
            raise Refused(f"{account.url} gives a token that an HTTP header can't have") from None
        except (HTTPError, OSError) as error:
            # The error's text could only name the address; its type says what went wrong.
            raise Unavailable(f"{account.url} does not answer: {type(error).__name__}") from error
        return Answer(
            status=response.status,
            body=_json(content),
            retry_after=_seconds(response.headers.get("Retry-After")),
        )

    def _content(self, response: urllib3.BaseHTTPResponse, account: Account) -> bytes:
        began, content = self._clock(), b""
        for chunk in response.stream(_CHUNK_BYTES):
            content += chunk
            if len(content) > ANSWER_BYTES:
                response.close()
                raise Refused(
                    f"{account.url} answers with more than {ANSWER_BYTES} bytes: "
                    "check that it is the url of Airflow's API server"
                )
            if self._clock() - began > self._read_seconds:
                response.close()
                raise Unavailable(f"{account.url} takes too long to answer")
        return content


def _json(content: bytes) -> Any:
    try:
        return msgspec.json.decode(content) if content else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _seconds(header: str | None) -> float | None:
    """``Retry-After``: seconds or an HTTP date (RFC 9110, section 10.2.3)."""
    if header is None:
        return None
    if header.strip().isascii() and header.strip().isdigit():
        return float(header.strip()[:9])
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
