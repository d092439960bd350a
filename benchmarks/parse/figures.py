"""The samples of both sides, paired by round."""

import json
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self

from benchmarks.spread import Spread

SIDES = ("ours", "stock")


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One fork's cost; ``what`` and the rest as `benchmarks.parse.probe` has them."""

    what: str
    side: str
    service: str
    round: int
    wall_ms: float
    cpu_ms: float
    modules: int

    @classmethod
    def all(cls, lines: Iterable[str]) -> list[Self]:
        return [cls(**json.loads(line)) for line in lines if line.startswith("{")]


@dataclass(frozen=True)
class Pairs:
    """One kind of sample on both sides. ``ours`` and ``stock`` have a sample of each round."""

    ours: Sequence[Sample]
    stock: Sequence[Sample]

    @classmethod
    def of(cls, samples: Iterable[Sample], what: str, service: str) -> Self:
        """Raises ValueError if a round has only one side."""
        kind = [each for each in samples if (each.what, each.service) == (what, service)]
        ours, stock = (
            sorted((each for each in kind if each.side == side), key=lambda each: each.round)
            for side in SIDES
        )
        if [each.round for each in ours] != [each.round for each in stock]:
            raise ValueError(f"{what} {service}: rounds aren't pairs")
        return cls(ours, stock)

    def milliseconds(self, side: str) -> Spread:
        return Spread.of([each.wall_ms for each in getattr(self, side)])

    def cpu_milliseconds(self, side: str) -> Spread:
        return Spread.of([each.cpu_ms for each in getattr(self, side)])

    def ratio(self) -> Spread:
        """Ours over stock, within each round, so a slow round is slow for both."""
        pairs = zip(self.ours, self.stock, strict=True)
        return Spread.of([mine.wall_ms / theirs.wall_ms for mine, theirs in pairs])

    def typical(self, side: str, attribute: str) -> float:
        return float(statistics.median(getattr(each, attribute) for each in getattr(self, side)))


def figures(pairs: Pairs, prefix: str = "") -> dict[str, Any]:
    """``ours_ms``, ``stock_ms`` and ``ratio`` with their quartiles, and both sides' CPU time."""
    found: dict[str, Any] = {}
    for side in SIDES:
        found |= _spread(f"{prefix}{side}_ms", pairs.milliseconds(side), 1)
        found[f"{prefix}{side}_cpu_ms"] = round(pairs.cpu_milliseconds(side).median, 1)
    return found | _spread(f"{prefix}ratio", pairs.ratio(), 4)


def _spread(name: str, spread: Spread, digits: int) -> dict[str, float]:
    return {
        name: round(spread.median, digits),
        f"{name}_q1": round(spread.low, digits),
        f"{name}_q3": round(spread.high, digits),
    }
