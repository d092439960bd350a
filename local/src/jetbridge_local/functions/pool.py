"""All functions' execution environments: reused while warm, one invocation at a time each."""

import logging
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from jetbridge_local.engine.ports import LogEvent, LogSink

from .cpu import Shares
from .environment import RUNTIME_ENDED, Environment, EnvironmentFailed
from .interpreter import Interpreter
from .log_filter import lets_through
from .output import LogLine
from .platform_log import Report, end_lines, start_line
from .process import Processes
from .runtime_api import Answer
from .spec import FunctionSpec, InvocationResult, UnsupportedRuntime
from .variables import variables_of

logger = logging.getLogger(__name__)

_IDLE_SECONDS = 300.0
_REAP_SECONDS = 30.0

# Lambda starts any number of environments in the same half second. Here they share this machine's
# processors: twenty starts at once would each take as long as all of them. So an invocation waits
# for its turn to start an environment, and takes one that becomes free before. It doesn't wait for
# longer than Lambda lets a start take: a start may itself wait for another function.
_STARTS_AT_ONCE = max(2, os.cpu_count() or 2)
_TURN_SECONDS = 10.0


@dataclass(eq=False)
class _Fleet:
    """The environments of one spec."""

    idle: list[Environment] = field(default_factory=list)
    busy: set[Environment] = field(default_factory=set)


class FunctionPool:
    """Runs invocations. Any number may run at once: the caller limits concurrency.

    ``cpu_by_memory``: functions have as much of a processor as on Lambda. Needs Linux; raises
    OSError elsewhere.
    """

    def __init__(
        self,
        interpreter: Interpreter | None,
        *,
        endpoint_url: str,
        logs: LogSink,
        processes: Processes,
        cpu_by_memory: bool = False,
    ) -> None:
        self._interpreter = interpreter
        self._endpoint_url = endpoint_url
        self._logs = logs
        self._processes = processes
        self._cpu = Shares() if cpu_by_memory else None
        self._fleets: dict[FunctionSpec, _Fleet] = {}
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._starting = 0
        self._closed = threading.Event()
        threading.Thread(target=self._reap, name="lambda-reaper", daemon=True).start()

    def invoke(
        self, spec: FunctionSpec, request_id: str, event: Any, trace_header: str = ""
    ) -> InvocationResult:
        """Run one event and wait for its end.

        ``trace_header`` is what the function finds as ``_X_AMZN_TRACE_ID``; empty: it begins a
        chain of requests.

        Raises UnsupportedRuntime if there is no interpreter for the function.
        """
        environment, cold = self._acquire(spec, self._python_for(spec))
        lines = [LogLine(_now_ms(), start_line(spec, request_id))]
        began = time.monotonic()
        status = "success"
        error: dict[str, str] = {}
        try:
            self._wait_ready(environment, cold)
            began = time.monotonic()
            answer = environment.invoke(request_id, event, trace_header)
            if answer.failed:
                status = "error"
        except EnvironmentFailed as failure:
            answer = Answer(failure.error, failed=True)
            kind = failure.error.get("errorType", "")
            status = "timeout" if kind == "Sandbox.Timedout" else "error"
            if kind in RUNTIME_ENDED:
                error = failure.error
        report = Report(
            duration=time.monotonic() - began,
            memory_used=environment.memory_used,
            init_duration=environment.init_seconds if cold else None,
            status=status,
            error=error,
        )
        written = environment.take_lines()
        usable = environment.usable and status != "timeout"
        self._release(environment, usable)
        lines += [line for line in written if lets_through(spec.log_level, line.message)]
        lines += [LogLine(_now_ms(), text) for text in end_lines(spec, request_id, report)]
        self._log(spec, environment.log_stream, lines)
        return InvocationResult(
            payload=answer.payload,
            failed=answer.failed,
            log="\n".join(line.message for line in lines),
        )

    def retire(self, name: str) -> None:
        """End the environments of a function that was changed or deleted; busy ones later."""
        with self._lock:
            retired = [spec for spec in self._fleets if spec.name == name]
            idle = [e for spec in retired for e in self._fleets.pop(spec).idle]
        _close_all(idle)

    def close(self) -> None:
        """End everything, invocations that run as well."""
        self._closed.set()
        with self._changed:
            self._changed.notify_all()
            fleets = list(self._fleets.values())
            self._fleets.clear()
            everything = [e for fleet in fleets for e in (*fleet.idle, *fleet.busy)]
        _close_all(everything)
        if self._cpu is not None:
            self._cpu.close()

    def _python_for(self, spec: FunctionSpec) -> Path:
        interpreter = self._interpreter
        if interpreter is None:
            raise UnsupportedRuntime(
                f"{spec.name}: the local cloud was started without --runtime-python, an"
                " interpreter that has awslambdaric; give it one"
            )
        if spec.runtime != interpreter.runtime:
            raise UnsupportedRuntime(
                f"{spec.name}: Runtime is {spec.runtime}, but the local cloud runs functions on"
                f" {interpreter.runtime} ({interpreter.python}); give another --runtime-python"
            )
        return interpreter.python

    def _acquire(self, spec: FunctionSpec, python: Path) -> tuple[Environment, bool]:
        """An environment, and whether it has just been started: then `_wait_ready` has to follow.

        Raises RuntimeError if the pool is closed.
        """
        last = time.monotonic() + _TURN_SECONDS
        with self._changed:
            while True:
                if self._closed.is_set():
                    raise RuntimeError("the local cloud is stopping")
                fleet = self._fleets.setdefault(spec, _Fleet())
                if warm := self._take_idle(fleet):
                    fleet.busy.add(warm)
                    return warm, False
                patience = last - time.monotonic()
                if self._starting < _STARTS_AT_ONCE or patience <= 0:
                    break
                self._changed.wait(patience)
            outdated = self._take_outdated(spec)
            environment = self._start(spec, python)
            self._starting += 1
            fleet.busy.add(environment)
        _close_all(outdated)
        return environment, True

    def _take_idle(self, fleet: _Fleet) -> Environment | None:
        while fleet.idle:
            environment = fleet.idle.pop()
            if environment.usable:
                return environment
            threading.Thread(target=environment.close, daemon=True).start()
        return None

    def _wait_ready(self, environment: Environment, cold: bool) -> None:
        try:
            environment.wait_ready()
        finally:
            if cold:
                with self._changed:
                    self._starting -= 1
                    self._changed.notify_all()

    def _start(self, spec: FunctionSpec, python: Path) -> Environment:
        stream = f"{time.strftime('%Y/%m/%d', time.gmtime())}/[{spec.version}]{uuid4().hex}"
        variables = variables_of(spec, endpoint_url=self._endpoint_url, log_stream=stream)
        return Environment(spec, python, variables, stream, self._processes, self._cpu)

    def _take_outdated(self, spec: FunctionSpec) -> list[Environment]:
        outdated = [
            other
            for other in self._fleets
            if other != spec and (other.arn, other.version) == (spec.arn, spec.version)
        ]
        return [e for other in outdated for e in self._fleets.pop(other).idle]

    def _release(self, environment: Environment, usable: bool) -> None:
        with self._changed:
            self._changed.notify_all()
            fleet = self._fleets.get(environment.spec)
            if fleet is not None:
                fleet.busy.discard(environment)
                if usable:
                    environment.idle_since = time.monotonic()
                    fleet.idle.append(environment)
                    return
        environment.close()

    def _log(self, spec: FunctionSpec, stream: str, lines: list[LogLine]) -> None:
        events: list[LogEvent] = [
            {"timestamp": line.timestamp, "message": line.message} for line in lines
        ]
        if not spec.log_rights.stream:
            return
        try:
            create = spec.log_rights.group
            self._logs.ensure_stream(spec.log_group, stream, create_group=create)
            self._logs.put(spec.log_group, stream, events)
        except Exception:
            logger.exception("%s: its log couldn't be written to %s", spec.name, spec.log_group)

    def _reap(self) -> None:
        while not self._closed.wait(_REAP_SECONDS):
            limit = time.monotonic() - _IDLE_SECONDS
            with self._lock:
                surplus = []
                for fleet in self._fleets.values():
                    old = [e for e in fleet.idle[:-1] if e.idle_since < limit]
                    fleet.idle = [e for e in fleet.idle if e not in old]
                    surplus += old
            _close_all(surplus)


def _close_all(environments: list[Environment]) -> None:
    if environments:
        with ThreadPoolExecutor(max_workers=min(8, len(environments))) as threads:
            list(threads.map(Environment.close, environments))


def _now_ms() -> int:
    return int(time.time() * 1000)
