"""Function processes as the benchmark starts them: the local cloud's own, with three changes."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from benchmarks.errors import BenchmarkFailed
from jetbridge_local.functions import FunctionSpec
from jetbridge_local.functions.cpu import Shares
from jetbridge_local.functions.environment import Environment, EnvironmentFailed
from jetbridge_local.functions.variables import variables_of
from jetbridge_local.processes import ProcessTable

_LOG_STREAM = "benchmark"
_TIMEOUT_SECONDS = 120
# /opt and /var/task can't be written on Lambda, so each cold start compiles what has no .pyc.
# Waiting for late log lines isn't measured.
_CHANGES = {"PYTHONDONTWRITEBYTECODE": "1", "JETBRIDGE_SETTLE_SECONDS": "0"}


class FunctionFailed(BenchmarkFailed):
    """A function's process failed or answered with an error."""


class FunctionProcesses:
    """Starts runtime processes under awslambdaric, each in a process group of its own."""

    def __init__(
        self,
        python: Path,
        endpoint_url: str,
        processes: ProcessTable,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        self._python = python
        self._endpoint_url = endpoint_url
        self._processes = processes
        self._variables = {**_CHANGES, **(variables or {})}

    @contextmanager
    def started(
        self, spec: FunctionSpec, *search: Path, cpu: Shares | None = None
    ) -> Iterator[Environment]:
        """A process for a function; ``search`` are more folders to import from. ``cpu`` gives it
        a processor by its memory."""
        environment = tuple(sorted((dict(spec.environment) | self._variables).items()))
        changed = replace(spec, environment=environment, timeout=_TIMEOUT_SECONDS)
        variables = variables_of(changed, endpoint_url=self._endpoint_url, log_stream=_LOG_STREAM)
        variables["PYTHONPATH"] = os.pathsep.join([variables["PYTHONPATH"], *map(str, search)])
        process = Environment(changed, self._python, variables, _LOG_STREAM, self._processes, cpu)
        try:
            yield process
        finally:
            process.close()


def answer_of(environment: Environment, event: Any) -> Any:
    """The answer to one event. Raises FunctionFailed with what the function said."""
    try:
        environment.wait_ready()
        answer = environment.invoke(str(uuid4()), event)
    except EnvironmentFailed as failure:
        raise _failed(environment, failure.error) from failure
    if answer.failed:
        raise _failed(environment, answer.payload)
    return answer.payload


def _failed(environment: Environment, error: Any) -> FunctionFailed:
    lines = [line.message for line in environment.take_lines()[-20:]]
    return FunctionFailed("\n".join([f"{environment.spec.name}: {error}", *lines]))
