"""What the services need of EventBridge."""

from typing import Protocol

from jetbridge.contract import Outcome


class Bus(Protocol):
    def announce(self, outcome: Outcome) -> None:
        """Put a "Jetbridge Run Finished" event for the outcome."""
        ...
