"""The sweep's figures, from its answers and from the cloud's record of calls."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class OneSweep:
    """``answer`` is sweep_runs' own; ``seconds`` by the client's clock."""

    answer: Mapping[str, int]
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Sweeps:
    """``calls``: what the cloud served while they ran, as ``LocalCloud.calls`` has it.

    ``due_before`` and ``due_after`` count the rows that were due, ``active`` those that are not
    finished after all.
    """

    runs: int
    sweeps: Sequence[OneSweep]
    calls: Sequence[Mapping[str, Any]]
    cpu_seconds: float
    due_before: int
    due_after: int
    active: int

    @property
    def seconds(self) -> float:
        """Seconds of all sweeps together, without the minutes between them."""
        return sum(sweep.seconds for sweep in self.sweeps)

    @property
    def looked_at(self) -> int:
        """Runs that were due and are no longer, by the table itself."""
        return self.due_before - self.due_after

    @property
    def describe_calls(self) -> int:
        return len(self._of("DescribeTasks"))

    def count(self, operation: str) -> int:
        return len(self._of(operation))

    def _of(self, operation: str) -> list[Mapping[str, Any]]:
        return [call for call in self.calls if call["operation"] == operation]
