"""What the services need of the outcomes table."""

from typing import Protocol

from jetbridge.contract import Outcome


class Outcomes(Protocol):
    """Sealed outcomes, each written once."""

    def get(self, run_id: str) -> Outcome | None:
        """The sealed outcome, if there is one (a consistent read)."""
        ...

    def seal(self, outcome: Outcome) -> Outcome:
        """Write the outcome unless one is sealed already; returns the sealed one."""
        ...
