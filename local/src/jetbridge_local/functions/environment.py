"""One execution environment: a runtime process that serves one invocation at a time."""

import json
import os
import selectors
import socket
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from jetbridge_local.processes import end_group

from .lineage import continued
from .runtime_api import Answer, Invocation, RuntimeApi
from .spec import FunctionSpec

# On AWS a start has 10 s before it is tried anew under the function's own time-out. A laptop that
# starts everything at once is slower than that, and the limit tells nothing about the function.
INIT_SECONDS = 60.0

_MAX_LINE_BYTES = 1_048_576
_CHECK_SECONDS = 0.25
_END_GRACE_SECONDS = 0.5


class Processes(Protocol):
    """Where started process groups are recorded."""

    def started(self, pid: int) -> None: ...

    def ended(self, pid: int) -> None: ...


@dataclass(frozen=True)
class LogLine:
    """``timestamp`` in ms since the epoch."""

    timestamp: int
    message: str


class EnvironmentFailed(Exception):
    """The environment can serve no more; ``error`` is the object that Lambda answers with."""

    def __init__(self, error: Any) -> None:
        super().__init__(str(error))
        self.error = error


class Environment:
    """Starts the process at once; ``invoke`` waits until it is ready."""

    def __init__(
        self,
        spec: FunctionSpec,
        python: Path,
        variables: dict[str, str],
        log_stream: str,
        processes: Processes,
    ) -> None:
        self.spec = spec
        self.log_stream = log_stream
        self.idle_since = time.monotonic()
        self.init_seconds: float | None = None
        self._processes = processes
        self._closed = False
        self._lines: list[LogLine] = []
        self._partial = b""
        self._wake, self._waker = socket.socketpair()
        self._wake.setblocking(False)
        self._api = RuntimeApi(self._notify)
        self._started = time.monotonic()
        self._process = subprocess.Popen(
            [str(python), "-m", "awslambdaric", spec.handler],
            cwd=spec.code,
            env=variables | {"AWS_LAMBDA_RUNTIME_API": self._api.address},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        processes.started(self._process.pid)
        assert self._process.stdout is not None
        self._output = self._process.stdout.fileno()
        os.set_blocking(self._output, False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._output, selectors.EVENT_READ)
        self._selector.register(self._wake, selectors.EVENT_READ)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def usable(self) -> bool:
        """Whether the process lives and hasn't refused to start."""
        return self._process.poll() is None and self._api.init_error is None

    def wait_ready(self) -> None:
        """Wait for the runtime's first poll. Raises EnvironmentFailed if there won't be one."""
        if self._api.ready.is_set():
            return
        settled = self._wait(
            lambda: self._api.ready.is_set() or self._api.init_error is not None,
            self._started + INIT_SECONDS,
        )
        if self._api.init_error is not None:
            raise EnvironmentFailed(self._api.init_error)
        if not settled:
            raise EnvironmentFailed(
                self._exit_error("")
                if self._process.poll() is not None
                else {
                    "errorType": "Sandbox.Timedout",
                    "errorMessage": f"Init timed out after {INIT_SECONDS:.2f} seconds",
                }
            )
        self.init_seconds = time.monotonic() - self._started

    def invoke(self, request_id: str, event: Any, trace_header: str = "") -> Answer:
        """Run one event. Raises EnvironmentFailed on a time-out or if the process ends."""
        seconds = self.spec.timeout
        self._api.give(
            Invocation(
                request_id=request_id,
                event=json.dumps(event).encode(),
                deadline_ms=int((time.time() + seconds) * 1000),
                function_arn=self.spec.arn,
                trace_id=trace_header or continued("", self.spec.arn),
            )
        )
        self._wait(lambda: self._api.answer() is not None, time.monotonic() + seconds)
        answer = self._api.answer()
        if answer is not None:
            return answer
        if self._process.poll() is not None:
            raise EnvironmentFailed(self._exit_error(request_id))
        text = f"Task timed out after {seconds:.2f} seconds"
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
        self._add_line(f"{stamp}.{int(time.time() * 1000) % 1000:03d}Z {request_id} {text}")
        raise EnvironmentFailed(
            {
                "errorType": "Sandbox.Timedout",
                "errorMessage": f"RequestId: {request_id} Error: {text}",
            }
        )

    def take_lines(self) -> list[LogLine]:
        """Everything written since the last call."""
        with suppress(OSError):
            self._read_output()
        if self._partial:
            self._add_line(self._partial.decode(errors="replace"))
            self._partial = b""
        lines, self._lines = self._lines, []
        return lines

    def close(self) -> None:
        """End the process group; returns when nothing of it is left. May be called twice."""
        if self._closed:
            return
        self._closed = True
        end_group(self._process.pid, _END_GRACE_SECONDS)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=1)
        self._processes.ended(self._process.pid)
        self._api.close()
        self._selector.close()
        self._wake.close()
        self._waker.close()
        if self._process.stdout:
            self._process.stdout.close()

    def _wait(self, done: Any, deadline: float) -> bool:
        while not done():
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                return False
            self._selector.select(min(remaining, _CHECK_SECONDS))
            with suppress(BlockingIOError):
                self._wake.recv(4096)
            self._read_output()
            if self._process.poll() is not None:
                self._read_output()
                return bool(done())
        self._read_output()
        return True

    def _read_output(self) -> None:
        while True:
            try:
                chunk = os.read(self._output, 65536)
            except BlockingIOError:
                return
            if not chunk:
                self._output_ended()
                return
            *lines, self._partial = (self._partial + chunk).split(b"\n")
            for line in lines:
                self._add_line(line.decode(errors="replace"))
            if len(self._partial) > _MAX_LINE_BYTES:
                self._add_line(self._partial.decode(errors="replace"))
                self._partial = b""

    def _output_ended(self) -> None:
        with suppress(KeyError, ValueError):
            self._selector.unregister(self._output)
            # The process is about to end: don't spin on its closed pipe until it has.
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=_CHECK_SECONDS)

    def _add_line(self, message: str) -> None:
        # The runtime client writes the lines of one stack trace with \r between them.
        self._lines.append(LogLine(int(time.time() * 1000), message.replace("\r", "\n")))

    def _notify(self) -> None:
        with suppress(OSError):
            self._waker.send(b"\0")

    def _exit_error(self, request_id: str) -> dict[str, str]:
        code = self._process.returncode
        reason = f"exit status {code}" if code > 0 else f"signal: {-code}"
        text = (
            f"Runtime exited with error: {reason}"
            if code
            else ("Runtime exited without providing a reason")
        )
        prefix = f"RequestId: {request_id} Error: " if request_id else ""
        return {"errorType": "Runtime.ExitError", "errorMessage": prefix + text}
