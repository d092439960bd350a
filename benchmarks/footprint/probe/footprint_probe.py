"""Wraps a function's handler, in its process, and reports what an invocation costs.

The answer is ``{"answer", "cpu_ms", "calls"}``: the handler's own answer, its CPU time outside AWS
calls, and the calls' names. The CPU time is that of all the process's threads while the handler
runs, less what the threads that call AWS spend inside botocore's ``BaseClient._make_api_call``:
building, signing and sending the request, reading and parsing the response.
"""

import threading
import time
from importlib import import_module
from typing import Any

from botocore.client import BaseClient

_wrapped = import_module("app").handler
_call: Any = BaseClient._make_api_call  # type: ignore[attr-defined]


class _Calls:
    """The AWS calls of one invocation, from any thread."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.names: list[str] = []
        self._lock = threading.Lock()

    def forget(self) -> None:
        """Begin again, for the next invocation."""
        with self._lock:
            self.seconds, self.names = 0.0, []

    def add(self, name: str, seconds: float) -> None:
        with self._lock:
            self.names.append(name)
            self.seconds += seconds


_calls = _Calls()


def _measured_call(client: Any, operation: str, parameters: Any) -> Any:
    before = time.thread_time()
    try:
        return _call(client, operation, parameters)
    finally:
        _calls.add(operation, time.thread_time() - before)


BaseClient._make_api_call = _measured_call  # type: ignore[attr-defined]


def handler(event: Any, context: Any) -> dict[str, Any]:
    _calls.forget()
    before = time.process_time()
    answer = _wrapped(event, context)
    seconds = time.process_time() - before
    cpu_ms = (seconds - _calls.seconds) * 1000
    return {"answer": answer, "cpu_ms": cpu_ms, "calls": _calls.names}
