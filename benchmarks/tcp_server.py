"""A TCP server in a thread of its own, for servers that many connections share."""

import asyncio
import threading
from abc import ABC, abstractmethod
from typing import Self


class TcpServer(ABC):
    """A context manager that serves on a free port of 127.0.0.1, the address of which is ``url``.

    A subclass answers each connection in `serve`, which runs in the server's own event loop.
    """

    def __init__(self) -> None:
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
        """End the server and its connections, and wait until it has ended."""
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()

    @abstractmethod
    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection until it ends."""

    async def _run(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        self._ready.set()
        await self._over.wait()
        server.close()
        server.close_clients()
        await server.wait_closed()
