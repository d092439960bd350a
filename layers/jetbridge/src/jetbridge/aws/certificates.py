"""The authorities' certificates that HTTPS servers are checked with, loaded once.

urllib3 loads their file again at each new connection, also into a context that has them
(urllib3/urllib3#3623; boto/botocore#3171). With OpenSSL 3 this takes 10 to 20 ms of a whole
processor (python/cpython#95031), and a handler with 256 MB has a seventh of one: a tenth of a
second for each client of a cold start, and for each connection that AWS closed meanwhile.
"""

from functools import cache
from ssl import SSLContext
from typing import Any

from botocore import httpsession
from urllib3.util.ssl_ import create_urllib3_context


class OnceLoaded(SSLContext):
    """Loads a file of certificates when it is first named. One that changes later isn't loaded
    again: in a function's layer it doesn't change."""

    def __init__(self, *protocol: Any) -> None:
        self._loaded = set[tuple[Any, Any, Any]]()

    def load_verify_locations(
        self, cafile: Any = None, capath: Any = None, cadata: Any = None
    ) -> None:
        locations = (cafile, capath, cadata)
        if locations not in self._loaded:
            super().load_verify_locations(*locations)
            self._loaded.add(locations)


@cache
def share_certificates() -> None:
    """Have botocore's clients that are made from now on share one context.

    botocore takes no context from outside (boto/botocore#1822), so its module gets another class
    and another function. Clients with a proxy of their own settings would change the context; no
    client of Jetbridge has such settings.
    """
    httpsession.SSLContext = OnceLoaded  # type: ignore[attr-defined]
    httpsession.create_urllib3_context = cache(httpsession.create_urllib3_context)


def load_certificates(bundle: str | None) -> None:
    """Load the certificates now: those of the file ``bundle``, or botocore's own."""
    context = httpsession.create_urllib3_context()
    context.load_verify_locations(bundle or httpsession.get_cert_path(True), None, None)


@cache
def system_certificates() -> SSLContext:
    """A context with the system's certificates, for urllib3 and servers that aren't AWS's."""
    context = create_urllib3_context()
    context.load_default_certs()
    return context
