"""The runtime process of an execution environment, and what Lambda does to it."""

import os
import re
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import psutil

from jetbridge_local.processes import end_group

_PEAK = re.compile(r"^VmHWM:\s+(\d+) kB$", re.MULTILINE)
_MB = 1024 * 1024

# "Max Memory Used" counts more than the runtime's process: an empty python3.13 function uses 37 MB
# on Lambda (maxday/lambda-perf, data/2025/2025-12-21.json), and its process here 16 MB.
BESIDE_THE_PROCESS_MB = 21


class Processes(Protocol):
    """Where started process groups are recorded."""

    def started(self, pid: int) -> None: ...

    def ended(self, pid: int) -> None: ...


class RuntimeProcess:
    """A process with a group of its own; ``output`` is a descriptor that doesn't block.

    The group stays in the session of whoever started it: should that process die, Linux ends a
    group whose processes are stopped (POSIX, ``_exit``: SIGHUP and SIGCONT to an orphaned group).
    """

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        variables: Mapping[str, str],
        processes: Processes,
    ) -> None:
        self._processes = processes
        self._peak = 0
        self._process = subprocess.Popen(
            command,
            cwd=folder,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            process_group=0,
        )
        processes.started(self.pid)
        assert self._process.stdout is not None
        self.output = self._process.stdout.fileno()
        os.set_blocking(self.output, False)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    @property
    def memory_mb(self) -> int:
        """The highest use so far, as Lambda counts it ("Max Memory Used"), rounded up.

        Programs that the function starts don't count.
        """
        self._peak = max(self._peak, _peak_bytes(self.pid))
        return -(-self._peak // _MB) + BESIDE_THE_PROCESS_MB

    def freeze(self) -> None:
        """Stop every thread: between invocations a function has no processor ("Understanding the
        Lambda execution environment lifecycle", "Lambda freezes the execution environment")."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """Kill the process, as the kernel does when it has no memory left."""
        self._signal(signal.SIGKILL)
        self.wait(1)

    def wait(self, seconds: float) -> None:
        """Wait for its end for at most this long."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=seconds)

    def how_it_ended(self) -> str:
        """How it ended, in Lambda's words (from Go): "exit status 3", "signal: killed"."""
        code = self._process.returncode
        if code < 0:
            return f"signal: {(signal.strsignal(-code) or str(-code)).lower()}"
        return f"exit status {code}" if code else ""

    def close(self) -> None:
        """End the group at once, as Lambda does without extensions (the same page, "Shutdown
        phase"); returns when nothing of it is left."""
        end_group(self.pid, 0)
        self.wait(1)
        self._processes.ended(self.pid)
        if self._process.stdout:
            self._process.stdout.close()

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)


def _peak_bytes(pid: int) -> int:
    """The peak on Linux, the present use elsewhere. 0: there is no such process."""
    try:
        if found := _PEAK.search(Path(f"/proc/{pid}/status").read_text(errors="replace")):
            return int(found[1]) * 1024
    except OSError:
        pass
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0
