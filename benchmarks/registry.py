"""The benchmarks by name."""

from collections.abc import Callable
from importlib import import_module

from benchmarks.result import Result
from benchmarks.workspace import Workspace

Benchmark = Callable[[Workspace], Result]

MODULES = {
    "feed": "benchmarks.feed",
    "burst": "benchmarks.burst",
    "cost": "benchmarks.cost",
    "flood": "benchmarks.flood",
    "footprint": "benchmarks.footprint",
    "lag": "benchmarks.lag",
    "livelag": "benchmarks.livelag",
    "logcopy": "benchmarks.logcopy",
    "mapped": "benchmarks.mapped",
    "parse": "benchmarks.parse",
    "race": "benchmarks.race",
    "sweep": "benchmarks.sweep",
}


class UnknownBenchmark(ValueError):
    """No benchmark has this name; the text lists those there are."""


def benchmark(name: str | None) -> Benchmark:
    """The ``run`` of a benchmark's module. Raises UnknownBenchmark."""
    if name not in MODULES:
        problem = f"there is no {name!r}" if name else "the name is missing"
        raise UnknownBenchmark(
            f"benchmark: {problem}; choose one: make bench ONLY={'|'.join(sorted(MODULES))}"
        )
    run: Benchmark = import_module(MODULES[name]).run
    return run
