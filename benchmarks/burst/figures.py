"""The burst's figures, from the outcomes table and from what was announced."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Burst:
    """``runs``: ids of the runs whose end was reported. ``messages``: events that were sent, the
    repeated ones as well. ``sealed``: the outcomes table's outcomes by run id. ``announced``: run
    id and outcome of each "Jetbridge Run Finished" event, as often as it came.
    """

    runs: Sequence[str]
    events: int
    messages: int
    sealed: Mapping[str, str]
    announced: Sequence[tuple[str, str]]
    cpu_seconds: float
    seconds: float

    @property
    def outcomes(self) -> int:
        """Runs of the burst with a sealed outcome."""
        return sum(run in self.sealed for run in self.runs)

    @property
    def duplicates(self) -> int:
        """Outcomes beyond the first of a run: announced, but not the sealed one."""
        known = {(run, outcome) for run, outcome in self.announced if run in self.sealed}
        return sum(self.sealed[run] != outcome for run, outcome in known)

    @property
    def announced_again(self) -> int:
        """Announcements beyond the first of a run, with the same outcome or another one."""
        return sum(times - 1 for times in Counter(run for run, _ in self.announced).values())

    @property
    def lost(self) -> int:
        """Runs of the burst with no outcome, or whose outcome nobody learned."""
        announced = {run for run, _ in self.announced}
        return sum(run not in self.sealed or run not in announced for run in self.runs)

    @property
    def events_per_cpu_second(self) -> float:
        return self.events / self.cpu_seconds
