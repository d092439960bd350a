"""A slower way to S3, for Airflow's requests only."""

import asyncio
import re
import threading
from typing import Self
from urllib.parse import urlsplit

_REQUEST = re.compile(rb"(GET|HEAD|PUT|POST|DELETE) [^\r\n]+ HTTP/1\.1\r\n")
_CHUNK_BYTES = 65_536


class SlowWay:
    """Passes connections on to ``url``, and holds up each request for ``seconds``.

    A context manager; serves on a free port of 127.0.0.1, in a thread. ``requests`` were held up.
    """

    def __init__(self, url: str, seconds: float) -> None:
        parts = urlsplit(url)
        self._upstream = parts.hostname, parts.port
        self._seconds = seconds
        self.requests = 0
        self.url = ""
        self._ready = threading.Event()
        self._thread = threading.Thread(target=asyncio.run, args=(self._run(),), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()

    async def _run(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        self._ready.set()
        await self._over.wait()
        server.close()
        server.close_clients()
        await server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
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
