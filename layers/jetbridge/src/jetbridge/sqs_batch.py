"""SQS batches: each message on its own, failures reported one by one."""

import json
from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from jetbridge.queues.port import NotYet
from jetbridge.queues.sqs import SqsQueue
from jetbridge.telemetry import count, logger

Message = dict[str, Any]


def each_message(
    event: dict[str, Any], handle: Callable[[Message], object], queue: SqsQueue | None = None
) -> Any:
    """Handle every message of a batch and answer with the failed ones' ids (AWS Lambda developer
    guide, "Handling errors for an SQS event source": ReportBatchItemFailures).

    A message whose handling raises ``NotYet`` comes back to ``queue`` after the delay that it
    asks for; any other failure comes back after the queue's visibility timeout, and after
    ``maxReceiveCount`` failures it goes to the dead-letter queue.
    """
    returned: list[str] = []

    def handle_record(record: SQSRecord) -> None:
        try:
            handle(json.loads(record.body))
        except NotYet as not_yet:
            logger.info(str(not_yet), delay_seconds=not_yet.delay_seconds)
            if queue is not None:
                queue.return_later(record.receipt_handle, not_yet.delay_seconds)
            returned.append(record.message_id)
            raise
        except Exception:
            logger.exception("message failed", message_id=record.message_id)
            raise

    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
    answer = process_partial_response(
        event=event, record_handler=handle_record, processor=processor
    )
    count("MessagesReturned", len(returned))
    count("MessagesFailed", len(answer["batchItemFailures"]) - len(returned))
    return answer
