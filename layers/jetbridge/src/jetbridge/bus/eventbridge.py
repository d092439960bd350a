"""The default EventBridge bus."""

from typing import Any

from jetbridge.contract import Outcome, encode

SOURCE = "jetbridge"
DETAIL_TYPE = "Jetbridge Run Finished"


class EventBridgeBus:
    """``Bus`` on the account's default bus."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def announce(self, outcome: Outcome) -> None:
        """Put the event.

        Raises:
            RuntimeError: EventBridge refused it (PutEvents reports that with HTTP status 200).
        """
        answer = self._client.put_events(
            Entries=[
                {"Source": SOURCE, "DetailType": DETAIL_TYPE, "Detail": encode(outcome)},
            ]
        )
        if answer.get("FailedEntryCount"):
            raise RuntimeError(f"EventBridge refused the event: {answer['Entries']}")
