"""A function that uses as much of something as its event says."""

import os
import threading
import time
from collections.abc import Callable
from typing import Any

INIT_CPU_SECONDS = float(os.environ.get("INIT_CPU_SECONDS", "0"))


def burn(seconds: float) -> float:
    """Use CPU time; returns the seconds that passed during it."""
    began = time.monotonic()
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass
    return time.monotonic() - began


INIT_SECONDS = burn(INIT_CPU_SECONDS)
INIT_BLOCK = b"x" * (int(os.environ.get("INIT_MB", "0")) * 1024 * 1024)

ticks = 0


def _tick() -> None:
    global ticks
    while True:
        ticks += 1
        time.sleep(0.01)


def _start_ticking(event: dict[str, Any]) -> int:
    threading.Thread(target=_tick, daemon=True).start()
    time.sleep(0.1)
    return ticks


def _use_memory(event: dict[str, Any]) -> int:
    block = bytearray(event["mb"] * 1024 * 1024)
    for place in range(0, len(block), 4096):
        block[place] = 1
    return len(block)


def _burn_in_threads(event: dict[str, Any]) -> float:
    threads = [threading.Thread(target=burn, args=(event["seconds"],)) for _ in range(2)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.monotonic() - began


def _sleep(event: dict[str, Any]) -> int:
    time.sleep(event["seconds"])
    return os.getpid()


_ACTIONS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "pid": lambda event: os.getpid(),
    "use memory": _use_memory,
    "start ticking": _start_ticking,
    "ticks": lambda event: ticks,
    "init": lambda event: INIT_SECONDS,
    "burn": lambda event: burn(event["seconds"]),
    "burn in threads": _burn_in_threads,
    "sleep": _sleep,
    "length": lambda event: len(event["text"]),
    "text": lambda event: "x" * event["bytes"],
}


def handler(event: dict[str, Any], context: Any) -> Any:
    return _ACTIONS[event["do"]](event)
