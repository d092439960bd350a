"""Repeated measurements in three numbers."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class Spread:
    """Median and quartiles: a few slow samples change neither much."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, samples: Sequence[float]) -> Self:
        """Raises ValueError if there are fewer than two samples: one has no spread."""
        if len(samples) < 2:
            raise ValueError(f"samples: at least 2 are needed, not {len(samples)}")
        low, median, high = statistics.quantiles(samples, n=4, method="inclusive")
        return cls(median, low, high)

    def text(self, digits: int) -> str:
        """``median (low-high)``, for a table."""
        return f"{self.median:.{digits}f} ({self.low:.{digits}f}-{self.high:.{digits}f})"
