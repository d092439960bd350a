"""Cold starts: from the start of the process to the handler's answer."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean
from typing import Any

import psutil

from benchmarks.footprint.occasions import Occasions
from benchmarks.footprint.processes import FunctionProcesses, answer_of
from benchmarks.spread import Spread
from jetbridge_local.functions import FunctionSpec

BARE = Path(__file__).parent / "bare"


@dataclass(frozen=True)
class ColdStart:
    """Seconds until the answer, of them until the first event could be taken, and seconds that the
    process spent on a processor."""

    seconds: float
    cpu_seconds: float
    init_seconds: float


@dataclass(frozen=True)
class Round:
    """One start of each function, and between them those of the bare handler: with the functions'
    layers, and with the libraries uncut."""

    functions: Mapping[str, ColdStart]
    bare: Sequence[ColdStart]
    uncut: Sequence[ColdStart]


@dataclass(frozen=True)
class ColdStarts:
    """All rounds. Ratios are taken within a round, so if the machine is slow for a while, both
    sides are slow."""

    rounds: Sequence[Round]

    def seconds(self, function: str) -> Spread:
        return Spread.of([each.functions[function].seconds for each in self.rounds])

    def bare_seconds(self) -> Spread:
        return Spread.of([start.seconds for each in self.rounds for start in each.bare])

    def uncut_seconds(self) -> Spread:
        return Spread.of([start.seconds for each in self.rounds for start in each.uncut])

    def ratio(self, function: str) -> Spread:
        """A function's seconds over the bare handler's in the same round."""
        return self._ratios(function, lambda each: each.bare, lambda start: start.seconds)

    def cpu_ratio(self, function: str) -> Spread:
        """The same for the time on a processor, which other programs disturb less."""
        return self._ratios(function, lambda each: each.bare, lambda start: start.cpu_seconds)

    def init_ratio(self, function: str) -> Spread:
        """The same for the seconds before the first event."""
        return self._ratios(function, lambda each: each.bare, lambda start: start.init_seconds)

    def uncut_ratio(self, function: str) -> Spread:
        """A function's seconds over those of the bare handler with the libraries uncut."""
        return self._ratios(function, lambda each: each.uncut, lambda start: start.seconds)

    def _ratios(
        self,
        function: str,
        others: Callable[[Round], Sequence[ColdStart]],
        value: Callable[[ColdStart], float],
    ) -> Spread:
        return Spread.of(
            [
                value(each.functions[function]) / mean(map(value, others(each)))
                for each in self.rounds
            ]
        )


@dataclass(frozen=True, kw_only=True)
class Rounds:
    """At least ``least`` rounds, then more until ``most`` or until ``seconds`` have passed."""

    least: int
    most: int
    seconds: float

    def __iter__(self) -> Iterator[int]:
        began = time.monotonic()
        for number in range(self.most):
            if number >= self.least and time.monotonic() - began > self.seconds:
                return
            yield number


def cold_starts(
    processes: FunctionProcesses,
    specs: Mapping[str, FunctionSpec],
    occasions: Occasions,
    rounds: Rounds,
    uncut_layer: Path,
) -> ColdStarts:
    """Start every function once a round, and the bare handler at two places in it.

    The bare handler has the layers and variables of the first function, and once more
    ``uncut_layer`` in their place. The functions begin one further on in each round, so that none
    always runs after the same one.
    """
    bare = replace(next(iter(specs.values())), code=BARE, handler="app.handler")
    uncut = replace(bare, layers=(uncut_layer,))
    measured = []
    for number in rounds:
        order = rotated(list(specs), number)
        middle = len(order) // 2
        functions, bares, uncuts = {}, [], []
        for place, name in enumerate(order):
            if place in (0, middle):
                bares.append(_bare_start(processes, bare))
                uncuts.append(_bare_start(processes, uncut))
            functions[name] = _start(processes, specs[name], occasions, name)
        measured.append(Round(functions, bares, uncuts))
    return ColdStarts(measured)


def rotated[T](items: Sequence[T], by: int) -> list[T]:
    """The items from the one at ``by`` on, then those before it."""
    start = by % len(items)
    return [*items[start:], *items[:start]]


def _bare_start(processes: FunctionProcesses, spec: FunctionSpec) -> ColdStart:
    _, measured = _timed(processes, spec, {})
    return measured


def _start(
    processes: FunctionProcesses, spec: FunctionSpec, occasions: Occasions, name: str
) -> ColdStart:
    occasion = occasions.next(name)
    answer, measured = _timed(processes, spec, occasion.event)
    occasion.check(answer)
    return measured


def _timed(processes: FunctionProcesses, spec: FunctionSpec, event: Any) -> tuple[Any, ColdStart]:
    began = time.monotonic()
    with processes.started(spec) as environment:
        answer = answer_of(environment, event)
        elapsed = time.monotonic() - began
        spent = psutil.Process(environment.pid).cpu_times()
        init = environment.init_seconds or 0
    return answer, ColdStart(elapsed, spent.user + spent.system, init)
