"""``python -m benchmarks [name]``: exit status 0, 1 if something couldn't be measured, 2 if there
is no such benchmark or size, 130 after Ctrl-C.

Without a name all benchmarks run, one after the other, even if some fail. Their figures are written
to a file: ``benchmarks/results.json``, or ``.local/benchmarks/results.json`` with ``SIZE=small``,
which measures just enough to show that each benchmark still works.
"""

import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks import record
from benchmarks.errors import BenchmarkFailed
from benchmarks.registry import MODULES, UnknownBenchmark, benchmark
from benchmarks.result import Result
from benchmarks.size import FULL, UnknownSize, size
from benchmarks.workspace import Workspace
from jetbridge_local.airflow import AirflowError, AirflowFailed
from jetbridge_local.cloud import CloudFailed
from jetbridge_local.flood.errors import FloodFailed
from jetbridge_local.site.commands import CommandFailed
from jetbridge_local.site.paths import in_repository

_FAILURES = (
    *(AirflowError, AirflowFailed, BenchmarkFailed),
    *(CloudFailed, CommandFailed, FloodFailed),
)
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_FAILED, _MISUSED, _INTERRUPTED = 1, 2, 130
# The width of a table in a file or a pipe, where Rich would cut it to 80 columns.
_WIDTH = 160


def main(arguments: Sequence[str]) -> int:
    """Run the named benchmark, or all without a name; returns the exit status."""
    try:
        names = [_known(" ".join(arguments))] if arguments else list(MODULES)
        measured = size()
    except (UnknownBenchmark, UnknownSize) as error:
        print(error, file=sys.stderr)
        return _MISUSED
    for number in _SIGNALS:
        signal.signal(number, _interrupt)
    found: dict[str, dict[str, Any]] = {}
    try:
        for name in names:
            found[name] = _one(name)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return _INTERRUPTED
    if not arguments:
        path = _file(measured)
        record.write(path, in_repository().root, measured, found)
        print(f"written to {path}", file=sys.stderr)
    return _FAILED if any(each["problems"] for each in found.values()) else 0


def _known(name: str) -> str:
    benchmark(name)
    return name


def _file(measured: str) -> Path:
    paths = in_repository()
    folder = paths.root / "benchmarks" if measured == FULL else paths.local / "benchmarks"
    return folder / "results.json"


def _one(name: str) -> dict[str, Any]:
    """Run one and show what it found; problems go to standard error as well."""
    before, began = record.load(), time.monotonic()
    figures: dict[str, Any] = {}
    try:
        result = _measure(name)
    except _FAILURES as error:
        problems = [str(error)]
    else:
        result.show(Console(width=None if sys.stdout.isatty() else _WIDTH), name)
        figures, problems = result.figures, result.problems
    for problem in problems:
        print(f"{name}: {problem}", file=sys.stderr)
    return {
        "figures": figures,
        "problems": problems,
        "seconds": round(time.monotonic() - began, 1),
        "load_before": before,
        "load_after": record.load(),
    }


def _measure(name: str) -> Result:
    local = in_repository().local / "benchmarks"
    workspace = Workspace(in_repository(local), Console(stderr=True))
    try:
        workspace.open()
        return benchmark(name)(workspace)
    finally:
        # A second Ctrl-C must not interrupt the clean-up.
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        workspace.close()
        for number in _SIGNALS:
            signal.signal(number, _interrupt)


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
