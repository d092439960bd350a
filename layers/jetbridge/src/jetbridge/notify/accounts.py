"""The stack's secret: each Airflow's URL and the credentials for its API."""

import time
from collections.abc import Callable
from typing import Protocol
from urllib.parse import urlsplit

import msgspec

from jetbridge.notify.airflow_port import Refused

CACHE_SECONDS = 300

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_SHAPE = (
    '{"default": {"url": "https://airflow.example.org", "username": "…", "password": "…"}}, '
    'or a "token" in place of username and password'
)


class Account(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One Airflow in the secret. As text, it never shows the credentials."""

    url: str
    username: str | None = None
    password: str | None = None
    token: str | None = None

    def __repr__(self) -> str:
        return f"Account({self.url!r})"


class Secret(Protocol):
    def __call__(self) -> str:
        """Reads the secret's current text."""
        ...


class Accounts:
    """The accounts in the secret, which is read again after five minutes."""

    def __init__(self, read: Secret | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._read = read
        self._clock = clock
        self._text = ""
        self._read_at: float | None = None

    def get(self, name: str, refresh: bool = False) -> Account:
        """The account of one Airflow. ``refresh`` reads the secret again now.

        Raises:
            Refused: there is no such account, or it can't be used; the text names the key.
        """
        if self._read is None:
            raise Refused(
                "The stack has no AirflowSecretArn: deploy it with the ARN of a secret "
                f"of the form {_SHAPE}"
            )
        now = self._clock()
        if refresh or self._read_at is None or now - self._read_at >= CACHE_SECONDS:
            self._text, self._read_at = self._read(), now
        return _account(self._text, name)


def _account(text: str, name: str) -> Account:
    try:
        entries = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    except msgspec.DecodeError:
        raise Refused(
            f"The secret in AirflowSecretArn isn't a JSON object of Airflows: make it {_SHAPE}"
        ) from None
    if name not in entries:
        known = ", ".join(sorted(entries)) or "nothing"
        raise Refused(
            f"The secret in AirflowSecretArn has no key {name!r}, only {known}: add it, "
            f"as in {_SHAPE}, or name one of those"
        )
    try:
        account = msgspec.json.decode(entries[name], type=Account)
    except msgspec.ValidationError as error:
        raise Refused(
            f"In the secret in AirflowSecretArn, {name!r}: {error}; use {_SHAPE}"
        ) from None
    _check(name, account)
    return account


def _check(name: str, account: Account) -> None:
    where = f"In the secret in AirflowSecretArn, {name!r}"
    try:
        url = urlsplit(account.url)
        _ = url.port
    except ValueError:
        raise Refused(f"{where}: url is malformed; give https://<host>[:<port>][/<path>]") from None
    if url.username or url.password or url.query or url.fragment or not url.hostname:
        raise Refused(f"{where}: url is malformed; give only https://<host>[:<port>][/<path>]")
    if url.scheme != "https" and not (url.scheme == "http" and url.hostname in _LOOPBACK):
        raise Refused(
            f"{where}: url must begin with https://; http:// is for loopback addresses only"
        )
    named = account.username is not None and account.password is not None
    half = (account.username is None) != (account.password is None)
    if half or named == (account.token is not None):
        raise Refused(f"{where}: give either username and password, or token")
    for field in ("username", "password", "token"):
        if getattr(account, field) == "":
            raise Refused(f"{where}: {field} is empty")
    if account.token is not None and not (account.token.isascii() and account.token.isprintable()):
        raise Refused(f"{where}: token has characters that an HTTP header can't have")
