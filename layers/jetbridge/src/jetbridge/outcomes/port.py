"""What the services need of the outcomes table."""

from typing import Protocol

from jetbridge.contract import Launched, Outcome, Waiting


class Outcomes(Protocol):
    """Sealed outcomes, each written once."""

    def get(self, run_id: str) -> Outcome | None:
        """The sealed outcome, as Airflow can carry it (a consistent read).

        None if there is none, or one that can't be read, whoever wrote it: the log names its
        run."""
        ...

    def seal(self, outcome: Outcome) -> Outcome:
        """Write the outcome unless one is sealed already that can be read; returns the sealed one.

        It takes the place of what the run was launched as."""
        ...


class LaunchedRecords(Protocol):
    """What runs were launched as, in the places of the outcomes that they don't have yet."""

    def put_launched(self, record: Launched, order: int) -> None:
        """Write the record, unless the run's outcome is sealed or a newer record is there.

        A record is newer for its launch, then for its ``order`` among those of one launch; one
        of the same launch and order stays.
        """
        ...


class WaitingRecords(Protocol):
    """Why runs aren't launched yet, beside what they were launched as."""

    def put_waiting(self, record: Waiting) -> None:
        """Write the record, unless the outcome is sealed or that of a later launch is there."""
        ...
