"""How much of a processor a function gets for its memory.

Sources: AWS Lambda developer guide, "Lambda quotas" (memory: "At 1,769 MB, a function has the
equivalent of one vCPU", in proportion to it); Luc van Donkersgoed, "Lambda Cold Starts and
Bootstrap Code" (bitesizedserverless.com: what runs before the handler has a whole one).

Linux gives a group its share of the processor in periods: a group that has used up its share waits
for the next period (kernel documentation, "CFS Bandwidth Control"). That needs rights over control
groups. So here a separate process watches the functions' CPU time and stops them with SIGSTOP. It
is late now and then, but what a function got too much in one period is taken from the next ones.
"""

import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

ONE_PROCESSOR_MB = 1769

# Lambda's own period isn't documented. Linux's default is 100 ms; with a shorter one, a function's
# time depends less on where in a period it begins.
PERIOD_SECONDS = 0.02
_SHORTEST_WAIT_SECONDS = 0.0003


def share_of(memory_mb: int) -> float:
    """The number of processors of a function with this memory."""
    return memory_mb / ONE_PROCESSOR_MB


@dataclass
class Allowance:
    """CPU time that one process may use: ``share`` of each period, from ``began`` on.

    Times are of a monotonic clock, uses are the process's CPU time so far; both in seconds.
    """

    share: float
    began: float
    used: float

    def __post_init__(self) -> None:
        self._quota = self.share * PERIOD_SECONDS
        self._left = self._quota
        self._period = 0

    def pause(self, now: float, used: float) -> tuple[bool, float]:
        """Whether the process may run, and after how many seconds to ask again."""
        self._left -= used - self.used
        self.used = used
        period = int((now - self.began) / PERIOD_SECONDS)
        # Unused time of a period isn't kept for the next one.
        self._left = min(self._quota, self._left + (period - self._period) * self._quota)
        self._period = period
        if self._left > 0:
            return True, max(self._left, _SHORTEST_WAIT_SECONDS)
        periods = int(-self._left / self._quota) + 1
        until = self.began + (period + periods) * PERIOD_SECONDS
        return False, max(until - now, _SHORTEST_WAIT_SECONDS)


class Shares:
    """The process that deals out processors, as its parent uses it. Thread-safe."""

    def __init__(self) -> None:
        if sys.platform != "linux":
            raise OSError(
                "CPU by memory needs Linux, whose processes tell their CPU time to others"
            )
        self._lock = threading.Lock()
        self._dealer = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )

    @contextmanager
    def limited(self, pid: int, share: float) -> Iterator[None]:
        """Limit a process group to ``share`` processors during the block; ``process`` is its
        leader."""
        if share >= (os.cpu_count() or 1):
            yield
            return
        self._tell(f"limit {pid} {share!r}")
        try:
            yield
        finally:
            self._tell(f"free {pid}")

    def close(self) -> None:
        """Let everything run that is stopped. May be called twice."""
        with self._lock, suppress(OSError):
            self._dealer.communicate()

    def _tell(self, command: str) -> None:
        with self._lock, suppress(OSError, ValueError):
            print(command, file=self._dealer.stdin, flush=True)
            assert self._dealer.stdout is not None
            self._dealer.stdout.readline()


@dataclass
class _Limited:
    pid: int
    allowance: Allowance
    ask_at: float
    runs: bool = True


def _deal() -> None:
    """Serve the commands ``limit <pid> <share>`` and ``free <pid>``, each answered when it is
    done, until there are no more."""
    limited: dict[int, _Limited] = {}
    commands = selectors.DefaultSelector()
    commands.register(sys.stdin.fileno(), selectors.EVENT_READ)
    while True:
        next_at = min((each.ask_at for each in limited.values()), default=None)
        wait = None if next_at is None else max(0.0, next_at - time.monotonic())
        if commands.select(wait):
            text = os.read(sys.stdin.fileno(), 4096).decode()
            if not text:
                break
            for command in text.splitlines():
                _obey(command.split(), limited)
        now = time.monotonic()
        for each in [each for each in limited.values() if each.ask_at <= now]:
            if not _apply(each, now):
                del limited[each.pid]
    for each in limited.values():
        _signal(each.pid, signal.SIGCONT)


def _obey(command: list[str], limited: dict[int, _Limited]) -> None:
    pid = int(command[1])
    if command[0] == "limit":
        now = time.monotonic()
        with suppress(OSError):
            allowance = Allowance(float(command[2]), now, _cpu_seconds(pid))
            limited[pid] = _Limited(pid, allowance, now)
    elif pid in limited and not limited.pop(pid).runs:
        _signal(pid, signal.SIGCONT)
    print("done", flush=True)


def _apply(each: _Limited, now: float) -> bool:
    """Let a process run, or stop it; false if it has ended."""
    try:
        runs, seconds = each.allowance.pause(now, _cpu_seconds(each.pid))
    except OSError:
        return False
    if runs != each.runs:
        each.runs = runs
        _signal(each.pid, signal.SIGCONT if runs else signal.SIGSTOP)
    each.ask_at = now + seconds
    return True


def _cpu_seconds(pid: int) -> float:
    """The CPU seconds of all threads of a process. Raises OSError if there is no such process.

    The clock of another process by its number, as glibc's ``clock_getcpuclockid`` makes it.
    """
    return time.clock_gettime((~pid << 3) | 2)


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


if __name__ == "__main__":
    _deal()
