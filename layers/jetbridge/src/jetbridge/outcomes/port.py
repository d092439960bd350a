"""What the services need of the outcomes table."""

from typing import Protocol

from jetbridge.contract import Launched, Outcome, Waiting


class Outcomes(Protocol):
    """Sealed outcomes, each written once."""

    def get(self, run_id: str) -> Outcome | None:
        """The sealed outcome, in a form that Airflow can carry (a consistent read).

        Returns None if there is no outcome, or if the stored one can't be read. In the second case
        a log line names the run.
        """
        ...

    def seal(self, outcome: Outcome) -> Outcome:
        """Write the outcome, unless a readable one is already sealed. Returns the sealed outcome.

        The outcome replaces the launched record.
        """
        ...


class LaunchedRecords(Protocol):
    """The launched records: which task or job runs were launched as. A record is kept where the
    outcome will be written."""

    def put_launched(self, record: Launched, order: int) -> None:
        """Write the record, unless the run's outcome is sealed or a newer record exists.

        The record of a later launch is newer. Of two records of one launch, the one with the higher
        ``order`` is newer. A record with the same launch and order isn't replaced.
        """
        ...


class WaitingRecords(Protocol):
    """Why runs aren't launched yet. A record is kept beside the launched record."""

    def put_waiting(self, record: Waiting) -> None:
        """Write the record, unless the outcome is sealed or a later launch has a record."""
        ...
