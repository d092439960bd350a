"""The source of logs, in its own process, so that its work doesn't count as the function's."""

import subprocess
import sys
from types import TracebackType

import httpx

from benchmarks.errors import BenchmarkFailed
from jetbridge_local.processes import ProcessTable, end_group

_GRACE_SECONDS = 0.5


class Source:
    """A context manager around ``serve``."""

    def __init__(self, processes: ProcessTable) -> None:
        self._processes = processes

    def __enter__(self) -> "Source":
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.logcopy.serve"],
            stdout=subprocess.PIPE,
            start_new_session=True,
            text=True,
        )
        self._processes.started(self._process.pid)
        assert self._process.stdout is not None
        port = self._process.stdout.readline().strip()
        if not port:
            raise BenchmarkFailed("the source of logs didn't start")
        self.url = f"http://127.0.0.1:{port}"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        end_group(self._process.pid, _GRACE_SECONDS)
        self._process.wait()
        self._processes.ended(self._process.pid)

    def calls(self) -> int:
        """How many calls of GetLogEvents there were so far."""
        return int(httpx.get(self.url).json())
