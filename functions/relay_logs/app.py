"""relay_logs: shows container lines in Airflow while the container runs."""

import time
from typing import Any

from aws_lambda_powertools.utilities.data_classes import CloudWatchLogsEvent
from aws_lambda_powertools.utilities.typing import LambdaContext

from jetbridge.domain.lines import Line
from jetbridge.services.live.relay import LogEvent
from jetbridge.telemetry import count, logger, metrics, seconds
from jetbridge.wiring import relay_logs as wiring


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Takes what a CloudWatch Logs subscription delivers: lines of one log stream."""
    delivery = CloudWatchLogsEvent(event).parse_logs_data()
    if delivery.message_type != "DATA_MESSAGE":
        return
    events = [
        LogEvent(each.get_id, Line(each.timestamp, each.message)) for each in delivery.log_events
    ]
    relayed = wiring.relay()(delivery.log_group, delivery.log_stream, events)
    if relayed.run_id is None:
        count("LiveLinesOfNoRun", len(events))
        logger.debug("no run's", group=delivery.log_group, stream=delivery.log_stream)
        return
    count("LiveLinesRelayed", relayed.lines)
    seconds("LiveLag", time.time() - events[-1].line.timestamp / 1000)
    logger.debug("lines relayed", run_id=relayed.run_id, lines=relayed.lines)
