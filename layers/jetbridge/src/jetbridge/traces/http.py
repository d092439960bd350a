"""OTLP over HTTP, to a collector or directly to a service that accepts it."""

import time
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import HTTPError

from jetbridge.aws.certificates import system_certificates
from jetbridge.traces.port import NotExported

CONNECT_SECONDS = 1
READ_SECONDS = 2
QUIET_SECONDS = 60
"""After a failure nothing is sent for this long, so a collector that is down doesn't hold up
outcomes."""

_PATH = "/v1/traces"


class OtlpEndpoint:
    """Sends the bytes that ``otlp.encoded`` returns.

    Args:
        url: the base URL, to which ``/v1/traces`` is added, or a URL that ends with it
            (OpenTelemetry protocol exporter specification, "Endpoint URLs for OTLP/HTTP").
        headers: returns more headers, such as a service's key; called when they are needed.
    """

    def __init__(
        self,
        url: str,
        headers: Callable[[], Mapping[str, str]] = dict,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        base = url.rstrip("/")
        self._url = base if base.endswith(_PATH) else base + _PATH
        self._host = urlsplit(url).hostname
        self._headers = headers
        self._known: Mapping[str, str] | None = None
        self._clock = clock
        self._quiet_until = float("-inf")
        self._pool = urllib3.PoolManager(
            retries=False,
            ssl_context=system_certificates(),
            timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
        )

    def send(self, body: bytes) -> bool:
        """Send once, within three seconds. Returns False if nothing was sent because of a recent
        failure.

        Raises:
            NotExported: the endpoint can't be reached, or refuses.
        """
        if self._clock() < self._quiet_until:
            return False
        try:
            self._send(body)
        except Exception:
            self._quiet_until = self._clock() + QUIET_SECONDS
            raise
        return True

    def _send(self, body: bytes) -> None:
        if self._known is None:
            self._known = self._headers()
        headers = {"User-Agent": "jetbridge", **self._known, "Content-Type": "application/json"}
        try:
            answer = self._pool.request(
                "POST", self._url, body=body, headers=headers, redirect=False
            )
        except (HTTPError, OSError) as error:
            raise NotExported(f"{self._host} does not answer: {type(error).__name__}") from error
        if not 200 <= answer.status < 300:
            # The secret may have a new key: it is read again for the next export.
            self._known = None
            raise NotExported(f"{self._host} answers {answer.status}")
