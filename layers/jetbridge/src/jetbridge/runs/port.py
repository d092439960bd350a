"""What the services need of the runs table."""

from typing import Protocol

from jetbridge.domain.run import Definition, Ending, Run, StateChange, Stop


class Runs(Protocol):
    """Rows of runs. Every write is one conditional write: it happens whole or not at all."""

    def create(self, run: Run) -> bool:
        """Write a new row; False if the run id has one already."""
        ...

    def get(self, run_id: str) -> Run | None:
        """The row as last written (a consistent read)."""
        ...

    def begin_launch(self, run: Run, now: float) -> Run | None:
        """Claim a launch as it stood when ``run`` was read; None if another attempt began, a
        stop was asked for, or it was launched, ended or superseded since then."""
        ...

    def pin(self, run_id: str, launch: int, definition: Definition) -> Definition:
        """Fix the definition's revision; what was pinned first stays and is returned."""
        ...

    def launched(self, run_id: str, launch: int, backend_id: str) -> Run | None:
        """Record AWS's answer to a launch; None if the launch was superseded."""
        ...

    def apply(self, change: StateChange) -> Run | None:
        """Record a state change; None if it changes nothing: late, repeated, superseded, or
        not of the row's own cluster, queue or definition."""
        ...

    def end(self, run_id: str, launch: int, ending: Ending) -> Run | None:
        """Record an end that no event will report; None if the run had ended already."""
        ...

    def request_stop(self, run_id: str, stop: Stop) -> Run | None:
        """Record that the run is to stop; None if there is no such run or it has ended.

        The first stop asked for stays."""
        ...

    def mark_handed_over(self, run_id: str) -> None:
        """The end is in the finish queue."""
        ...

    def mark_finished(self, run_id: str) -> None:
        """The outcome is sealed and delivered: the sweeper need not look any more."""
        ...

    def due(self, now: float, limit: int) -> list[Run]:
        """Unfinished runs that nothing has been heard of for too long, longest first."""
        ...

    def look_again(self, run_id: str, at: float) -> None:
        """Make an unfinished run due at ``at`` (epoch seconds)."""
        ...
