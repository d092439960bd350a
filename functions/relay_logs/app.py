"""relay_logs: shows container lines in Airflow while the container runs."""

import time
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from jetbridge.logs.live.delivery import delivery_of
from jetbridge.wiring import relay_logs as wiring
from jetbridge.wiring.telemetry import count, logger, observed, refusals_counted, seconds


@observed
@refusals_counted()
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Receives lines of one log stream, which a CloudWatch Logs subscription delivers."""
    delivery = delivery_of(event)
    if delivery.unreadable:
        count("LiveLinesUnreadable", delivery.unreadable)
        logger.warning("lines can't be read", stream=delivery.stream, lines=delivery.unreadable)
    if not delivery.events:
        return
    relayed = wiring.relay()(delivery.group, delivery.stream, delivery.events)
    if relayed.run_id is None:
        count("LiveLinesOfNoRun", len(delivery.events))
        logger.debug("no run's", group=delivery.group, stream=delivery.stream)
        return
    count("LiveLinesRelayed", relayed.lines)
    seconds("LiveLag", time.time() - delivery.events[-1].line.timestamp / 1000)
    logger.debug("lines relayed", run_id=relayed.run_id, lines=relayed.lines)
