"""Functions at their own memory, with as much of a processor as Lambda gives for it."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from benchmarks.cost.prices import usd
from benchmarks.footprint.cold import Rounds, rotated
from benchmarks.footprint.occasions import Occasions
from benchmarks.footprint.processes import FunctionProcesses, answer_of
from benchmarks.spread import Spread
from jetbridge_local.functions import FunctionSpec
from jetbridge_local.functions.cpu import Shares

_MILLION = 1_000_000


@dataclass
class AtMemory:
    """Milliseconds from the start to the answer, of them those before the first event, and those
    of warm invocations; MB at the most, as Lambda counts them."""

    memory: int
    cold_ms: list[float] = field(default_factory=list)
    init_ms: list[float] = field(default_factory=list)
    warm_ms: list[float] = field(default_factory=list)
    used_mb: int = 0

    @property
    def usd_per_million_warm(self) -> float:
        """The price of a million warm invocations: requests and GB-seconds, by list prices."""
        return self._usd_per_million(Spread.of(self.warm_ms).median)

    @property
    def usd_per_million_cold(self) -> float:
        """The price of a million cold ones, whose start is billed, too."""
        return self._usd_per_million(Spread.of(self.cold_ms).median)

    def _usd_per_million(self, milliseconds: float) -> float:
        gb_seconds = self.memory / 1024 * milliseconds / 1000
        return usd({"lambda_requests": _MILLION, "lambda_gb_s": gb_seconds * _MILLION})


def at_memory(
    processes: FunctionProcesses,
    specs: Mapping[str, FunctionSpec],
    occasions: Occasions,
    rounds: Rounds,
    *,
    first: int,
    warm: int,
) -> Mapping[str, AtMemory]:
    """In each round, start every function. After its cold event, each takes ``first`` events that
    don't count, and then ``warm`` events that do."""
    measured = {name: AtMemory(spec.memory) for name, spec in specs.items()}
    shares = Shares()

    def measure(name: str) -> None:
        cold, figures = occasions.next(name), measured[name]
        began = time.monotonic()
        with processes.started(specs[name], cpu=shares) as environment:
            answer = answer_of(environment, cold.event)
            figures.cold_ms.append((time.monotonic() - began) * 1000)
            figures.init_ms.append((environment.init_seconds or 0) * 1000)
            cold.check(answer)
            for number in range(first + warm):
                occasion = occasions.next(name)
                began = time.monotonic()
                answer = answer_of(environment, occasion.event)
                if number >= first:
                    figures.warm_ms.append((time.monotonic() - began) * 1000)
                occasion.check(answer)
            figures.used_mb = max(figures.used_mb, environment.memory_used)

    try:
        for number in rounds:
            for name in rotated(list(specs), number):
                measure(name)
    finally:
        shares.close()
    return measured
