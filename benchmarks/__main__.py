"""``python -m benchmarks <name>``: exit status 0, 1 if it couldn't be measured, 2 if there is no
such benchmark, 130 after Ctrl-C."""

import signal
import sys
from collections.abc import Sequence
from typing import Any

from rich.console import Console

from benchmarks.errors import BenchmarkFailed
from benchmarks.registry import Benchmark, UnknownBenchmark, benchmark
from benchmarks.result import Result
from benchmarks.workspace import Workspace
from jetbridge_local.airflow import AirflowError, AirflowFailed
from jetbridge_local.cloud import CloudFailed
from jetbridge_local.demo.commands import CommandFailed
from jetbridge_local.demo.paths import in_repository

_FAILURES = (AirflowError, AirflowFailed, BenchmarkFailed, CloudFailed, CommandFailed)
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_FAILED, _MISUSED, _INTERRUPTED = 1, 2, 130
# Of a table in a file or a pipe, where Rich would cut it to 80 columns.
_WIDTH = 160


def main(arguments: Sequence[str]) -> int:
    """Run the one benchmark that is named; returns the exit status."""
    try:
        name = " ".join(arguments)
        run = benchmark(name)
    except UnknownBenchmark as error:
        print(error, file=sys.stderr)
        return _MISUSED
    for number in _SIGNALS:
        signal.signal(number, _interrupt)
    try:
        result = _measure(run)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return _INTERRUPTED
    except _FAILURES as error:
        print(f"{name}: {error}", file=sys.stderr)
        return _FAILED
    result.show(Console(width=None if sys.stdout.isatty() else _WIDTH), name)
    return 0


def _measure(run: Benchmark) -> Result:
    local = in_repository().local / "benchmarks"
    workspace = Workspace(in_repository(local), Console(stderr=True))
    try:
        workspace.open()
        return run(workspace)
    finally:
        # A second Ctrl-C must not leave half of it running.
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        workspace.close()


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
