"""A slower way to S3, for Airflow's requests only."""

import asyncio
import re
from urllib.parse import urlsplit

from benchmarks.tcp_server import TcpServer

_REQUEST = re.compile(rb"(GET|HEAD|PUT|POST|DELETE) [^\r\n]+ HTTP/1\.1\r\n")
_CHUNK_BYTES = 65_536


class SlowWay(TcpServer):
    """Passes connections on to ``url``, and delays each request by ``seconds``. ``requests`` counts
    them."""

    def __init__(self, url: str, seconds: float) -> None:
        super().__init__()
        parts = urlsplit(url)
        self._upstream = parts.hostname, parts.port
        self._seconds = seconds
        self.requests = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            back, forth = await asyncio.open_connection(*self._upstream)
        except OSError:
            writer.close()
            return
        answers = asyncio.create_task(_pass_on(back, writer))
        try:
            while data := await reader.read(_CHUNK_BYTES):
                # A request's head begins a write of its own: clients wait for the answer to the
                # one before, and send a body after its head.
                if _REQUEST.match(data):
                    self.requests += 1
                    await asyncio.sleep(self._seconds)
                forth.write(data)
                await forth.drain()
        except ConnectionError:
            pass
        finally:
            forth.close()
            await answers


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(_CHUNK_BYTES):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()
