"""EventBridge: events put in as AWS's own services do, and deliveries made as AWS makes them."""

import json
import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from ministack.core.responses import request_scope
from ministack.services import eventbridge, lambda_svc

from . import undelivered
from .roles import Roles

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


def install(roles: Roles) -> None:
    """EventBridge invokes functions asynchronously, with retries and destinations; what a rule
    can't deliver goes to its target's dead-letter queue."""
    eventbridge._dispatch_to_lambda = _invoke_asynchronously
    eventbridge._invoke_target = _or_given_up(eventbridge._invoke_target, roles)


def _or_given_up(invoke: Callable[..., None], roles: Roles) -> Callable[..., None]:
    @wraps(invoke)
    def invoke_or_give_up(
        target: dict[str, Any], event: dict[str, Any], rule: dict[str, Any], view: Any = None
    ) -> None:
        rule_arn = rule.get("Arn")
        sender = undelivered.Sender(roles, str(rule_arn))
        refusal = undelivered.refusal_by(target["Arn"], sender) if rule_arn else None
        if refusal is None:
            invoke(target, event, rule, view)
            return
        whole = (view or eventbridge._pattern_event_view(event)).event_with_detail()
        undelivered.give_up(
            (target.get("DeadLetterConfig") or {}).get("Arn"),
            json.dumps(whole),
            {
                "RULE_ARN": str(rule_arn),
                "TARGET_ARN": target["Arn"],
                "ERROR_CODE": refusal.code,
                "ERROR_MESSAGE": refusal.message,
                "RETRY_ATTEMPTS": "0",
            },
            sender,
        )

    return invoke_or_give_up


def _invoke_asynchronously(arn: str, payload: str) -> None:
    function, config, name = lambda_svc._get_func_record_for_ref(arn)
    if not function or not config:
        logger.warning("EventBridge target %s: no such function", name)
        return
    # The function sees by which alias it was invoked (context.invoked_function_arn).
    invoked = config | {"FunctionArn": arn}
    record = lambda_svc._execution_record_for_config(function, invoked)
    lambda_svc.invoke_async_with_retry(record, json.loads(payload))
