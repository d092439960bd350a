"""An asyncio loop in its own thread, for everything that an engine does over time."""

import asyncio
import concurrent.futures
import logging
import threading
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

logger = logging.getLogger(__name__)

_WORKERS = 16


class EngineLoop:
    """Runs the coroutines of one engine. They make blocking calls with asyncio.to_thread."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._loop.set_default_executor(
            ThreadPoolExecutor(_WORKERS, thread_name_prefix=f"{name}-call")
        )
        self._thread = threading.Thread(target=self._run, name=f"{name}-loop", daemon=True)
        self._thread.start()

    def spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Start a coroutine. An exception is logged. May be called from any thread."""
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        future.add_done_callback(_log_failure)

    def soon(self, callback: Any, *arguments: Any) -> None:
        """Call a function in the loop's thread. May be called from any thread."""
        self._loop.call_soon_threadsafe(callback, *arguments)

    def run(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Wait for a coroutine, from another thread."""
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    def close(self) -> None:
        """Cancel what still runs, and end the thread."""
        if not self._thread.is_alive():
            return
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
            pending = asyncio.all_tasks(self._loop)
            for task in pending:
                task.cancel()
            self._loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
        finally:
            self._loop.close()


def _log_failure(future: "concurrent.futures.Future[None]") -> None:
    if future.cancelled():
        return
    if error := future.exception():
        logger.error("A task of the engine failed", exc_info=error)
