"""One execution environment: a runtime process that serves one invocation at a time."""

import json
import selectors
import socket
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import Any

from .cpu import Shares, share_of
from .lineage import continued
from .output import LogLine, Output
from .process import Processes, RuntimeProcess
from .runtime_api import Answer, Invocation, RuntimeApi
from .spec import FunctionSpec

# On AWS a start has 10 s before it is tried again under the function's own time-out. A laptop that
# starts everything at once is slower than that, and the limit tells nothing about the function.
INIT_SECONDS = 60.0

# The interval of looks at the memory. A peak between two looks is found by the next one.
_CHECK_SECONDS = 0.05

# The types of errors that Lambda itself reports of a runtime process that ended. The second has
# been seen with its message (adobe/helix-html2md-service#1001), and of python3.13
# (DataDog/datadog-lambda-extension#776); Runtime.ExitError was its type in earlier years.
RUNTIME_ENDED = (EXIT_ERROR, OUT_OF_MEMORY) = ("Runtime.ExitError", "Runtime.OutOfMemory")


class EnvironmentFailed(Exception):
    """The environment can serve no more; ``error`` is the object that Lambda answers with."""

    def __init__(self, error: Any) -> None:
        super().__init__(str(error))
        self.error = error


class Environment:
    """Starts the process at once; ``invoke`` waits until it is ready.

    Between invocations the process is frozen. ``cpu``: gives it a processor by its memory, from
    the first invocation on; without, it has as much as the machine has.
    """

    def __init__(
        self,
        spec: FunctionSpec,
        python: Path,
        variables: dict[str, str],
        log_stream: str,
        processes: Processes,
        cpu: Shares | None = None,
    ) -> None:
        self.spec = spec
        self.log_stream = log_stream
        self.idle_since = time.monotonic()
        self.init_seconds: float | None = None
        self._cpu = cpu
        self._closed = False
        self._out_of_memory = False
        self._wake, self._waker = socket.socketpair()
        self._wake.setblocking(False)
        self._api = RuntimeApi(self._notify)
        self._started = time.monotonic()
        self._process = RuntimeProcess(
            [str(python), "-m", "awslambdaric", spec.handler],
            spec.code,
            variables | {"AWS_LAMBDA_RUNTIME_API": self._api.address},
            processes,
        )
        self._output = Output(self._process.output)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._process.output, selectors.EVENT_READ)
        self._selector.register(self._wake, selectors.EVENT_READ)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def usable(self) -> bool:
        """Whether the process lives and its start hasn't failed."""
        return not self._process.ended and self._api.init_error is None

    @property
    def memory_used(self) -> int:
        """The highest use so far in MB, at most ``spec.memory``."""
        return min(self._process.memory_mb, self.spec.memory)

    def wait_ready(self) -> None:
        """Wait for the runtime's first poll. Raises EnvironmentFailed if there won't be one."""
        if self.init_seconds is not None:
            return
        settled = self._wait(
            lambda: self._api.polls.is_set() or self._api.init_error is not None,
            self._started + INIT_SECONDS,
        )
        if self._api.init_error is not None:
            raise EnvironmentFailed(self._api.init_error)
        if not settled:
            raise EnvironmentFailed(
                self._exit_error("")
                if self._process.ended
                else {
                    "errorType": "Sandbox.Timedout",
                    "errorMessage": f"Init timed out after {INIT_SECONDS:.2f} seconds",
                }
            )
        self.init_seconds = time.monotonic() - self._started

    def invoke(self, request_id: str, event: Any, trace_header: str = "") -> Answer:
        """Run one event. Raises EnvironmentFailed on a time-out or if the process ends."""
        seconds = self.spec.timeout
        deadline = time.monotonic() + seconds
        self._process.thaw()
        with self._limited():
            self._api.give(
                Invocation(
                    request_id=request_id,
                    event=json.dumps(event).encode(),
                    deadline_ms=int((time.time() + seconds) * 1000),
                    function_arn=self.spec.arn,
                    trace_id=trace_header or continued("", self.spec.arn),
                )
            )
            self._wait(lambda: self._api.answer() is not None, deadline)
            answer = self._api.answer()
            if answer is not None:
                # The invocation is over when the runtime asks for the next one.
                self._wait(self._api.polls.is_set, deadline)
        if self._out_of_memory or (answer is None and self._process.ended):
            raise EnvironmentFailed(self._exit_error(request_id))
        if answer is not None:
            self._process.freeze()
            return answer
        text = f"Task timed out after {seconds:.2f} seconds"
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
        self._output.add(f"{stamp}.{int(time.time() * 1000) % 1000:03d}Z {request_id} {text}")
        raise EnvironmentFailed(
            {
                "errorType": "Sandbox.Timedout",
                "errorMessage": f"RequestId: {request_id} Error: {text}",
            }
        )

    def take_lines(self) -> list[LogLine]:
        """Everything written since the last call."""
        return self._output.take()

    def close(self) -> None:
        """End the process group; returns when nothing of it is left. May be called twice."""
        if self._closed:
            return
        self._closed = True
        self._process.close()
        self._api.close()
        self._selector.close()
        self._wake.close()
        self._waker.close()

    def _limited(self) -> AbstractContextManager[None]:
        if self._cpu is None:
            return nullcontext()
        return self._cpu.limited(self.pid, share_of(self.spec.memory))

    def _wait(self, done: Callable[[], bool], deadline: float) -> bool:
        while not done():
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                return False
            self._selector.select(min(remaining, _CHECK_SECONDS))
            with suppress(BlockingIOError):
                self._wake.recv(4096)
            self._read_output()
            self._check_memory()
            if self._process.ended:
                self._read_output()
                return done()
        self._read_output()
        self._check_memory()
        return True

    def _check_memory(self) -> None:
        if self._process.memory_mb > self.spec.memory and not self._process.ended:
            self._out_of_memory = True
            self._process.kill()

    def _read_output(self) -> None:
        if not self._output.read():
            with suppress(KeyError, ValueError):
                self._selector.unregister(self._process.output)
                # The process is about to end: don't spin on its closed pipe until it has.
                self._process.wait(_CHECK_SECONDS)

    def _notify(self) -> None:
        with suppress(OSError):
            self._waker.send(b"\0")

    def _exit_error(self, request_id: str) -> dict[str, str]:
        reason = self._process.how_it_ended()
        text = (
            f"Runtime exited with error: {reason}"
            if reason
            else "Runtime exited without providing a reason"
        )
        prefix = f"RequestId: {request_id} Error: " if request_id else ""
        kind = OUT_OF_MEMORY if self._out_of_memory else EXIT_ERROR
        return {"errorType": kind, "errorMessage": prefix + text}
