"""The default EventBridge bus."""

from typing import TYPE_CHECKING

from msgspec.structs import asdict

from jetbridge.contract import Outcome, RunFinished, encode

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

SOURCE = "jetbridge"
DETAIL_TYPE = "Jetbridge Run Finished"


class EventBridgeBus:
    """``Bus`` on the account's default bus. ``stack`` is the CloudFormation stack's name."""

    def __init__(self, client: "EventBridgeClient", stack: str) -> None:
        self._client = client
        self._stack = stack

    def announce(self, outcome: Outcome) -> None:
        """Put the event.

        Raises:
            RuntimeError: EventBridge refused it (PutEvents reports that with HTTP status 200).
        """
        detail = encode(RunFinished(stack=self._stack, **asdict(outcome)))
        answer = self._client.put_events(
            Entries=[{"Source": SOURCE, "DetailType": DETAIL_TYPE, "Detail": detail}]
        )
        if answer.get("FailedEntryCount"):
            raise RuntimeError(f"EventBridge refused the event: {answer['Entries']}")
