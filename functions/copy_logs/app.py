"""copy_logs: copies an ended run's log to where the Airflow UI reads it."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from jetbridge.contract import decode
from jetbridge.queues.copies import CopyMessage
from jetbridge.wiring import copy_logs as wiring
from jetbridge.wiring.sqs_batch import Message, each_message
from jetbridge.wiring.telemetry import count, logger, observed


@observed
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    """Takes messages of the logs queue."""
    copy = wiring.copy()

    def remaining() -> float:
        return context.get_remaining_time_in_millis() / 1000

    def copy_logs(message: Message) -> None:
        asked = decode(CopyMessage, message)
        lines = copy(asked, remaining)
        part = asked.part.name if asked.part else ""
        logger.info("log copied", run_id=asked.run_id, part=part, lines=lines)
        count("LogLinesCopied", lines)

    return each_message(event, copy_logs)
