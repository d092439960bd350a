"""track_run: records what ECS and Batch report about Jetbridge's containers."""

import time
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from jetbridge.wiring import track_run as wiring
from jetbridge.wiring.sqs_batch import Message, each_message
from jetbridge.wiring.telemetry import count, lag, logger, observed


@observed
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    """Takes EventBridge events from the state-change queue."""
    track = wiring.track()

    def track_run(message: Message) -> None:
        change = track(message)
        if change is None:
            logger.info("not a state change of this stack", event_id=str(message.get("id"))[:100])
            return
        count("StateChangesTracked")
        if change.ending is not None:
            lag("StopToRecorded", change.ending.stopped_at, time.time())
        logger.info("state change", run_id=change.run_id, status=change.status)

    return each_message(event, track_run)
