"""EventBridge: events put in as AWS's own services do, and deliveries made as AWS makes them."""

import json
import logging
from typing import Any

from ministack.core.responses import request_scope
from ministack.services import eventbridge, lambda_svc

logger = logging.getLogger(__name__)


class EventBridge:
    """The default bus. An ``EventSink`` of the engines."""

    def emit(self, event: dict[str, Any]) -> None:
        """Match a whole event against the rules and deliver it, fields unchanged."""
        with request_scope(event["account"], event["region"]):
            eventbridge._dispatch_event(
                {
                    "Version": event["version"],
                    "EventId": event["id"],
                    "Source": event["source"],
                    "DetailType": event["detail-type"],
                    "Detail": json.dumps(event["detail"]),
                    "EventBusName": "default",
                    "Time": event["time"],
                    "Resources": event["resources"],
                    "Account": event["account"],
                    "Region": event["region"],
                }
            )


def deliver(arn: str, payload: str) -> None:
    """Hand ``payload`` to an SQS queue, SNS topic or function in the current request's scope."""
    eventbridge._invoke_target({"Arn": arn, "Input": payload}, {}, {})


def install() -> None:
    """EventBridge invokes functions asynchronously: with retries and destinations."""
    eventbridge._dispatch_to_lambda = _invoke_asynchronously


def _invoke_asynchronously(arn: str, payload: str) -> None:
    function, config, name = lambda_svc._get_func_record_for_ref(arn)
    if not function or not config:
        logger.warning("EventBridge target %s: no such function", name)
        return
    record = lambda_svc._execution_record_for_config(function, config)
    lambda_svc.invoke_async_with_retry(record, json.loads(payload))
