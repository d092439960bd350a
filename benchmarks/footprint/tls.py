"""HTTPS in front of the local cloud, which itself speaks HTTP."""

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import botocore
import trustme

_BYTES = 64 * 1024


@dataclass(frozen=True)
class Https:
    """The cloud's address by HTTPS, and the file of certificates that a client needs for it:
    botocore's own with one more, so that loading them takes what it takes on AWS."""

    url: str
    bundle: Path


@contextmanager
def https(url: str, folder: Path) -> Iterator[Https]:
    """Pass on what comes by HTTPS to the HTTP server at ``url``, from a thread of its own."""
    authority, tls = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(tls)
    bundle = folder / "certificates.pem"
    known = Path(botocore.__file__).with_name("cacert.pem").read_bytes()
    bundle.write_bytes(known + b"\n" + authority.cert_pem.bytes())
    to, loop = urlsplit(url), asyncio.new_event_loop()

    async def passed_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        cloud = await asyncio.open_connection(to.hostname, to.port)
        await asyncio.gather(_copied(reader, cloud[1]), _copied(cloud[0], writer))

    server = loop.run_until_complete(asyncio.start_server(passed_on, "localhost", 0, ssl=tls))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield Https(f"https://localhost:{server.sockets[0].getsockname()[1]}", bundle)
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


async def _copied(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy until either side ends the connection."""
    with suppress(OSError):
        while piece := await reader.read(_BYTES):
            writer.write(piece)
            await writer.drain()
    writer.close()
