"""CloudWatch Logs: subscription filters whose destination is a function.

ministack invokes the function once, even if it fails, with ids of its own; takes any number of
filters, of functions that CloudWatch Logs may not invoke; and CloudFormation creates a missing log
group. Sources: CloudWatch Logs user guide, "Log group-level subscription filters";
AWS Lambda developer guide, "Using Lambda with CloudWatch Logs" (the invocation is asynchronous);
API reference, PutSubscriptionFilter. CloudWatch Logs is itself in a function's policy, or as the
service of one region (aws-cdk, region-info's service principals: logs.<region>.<URL suffix>).
"""

import base64
import gzip
import itertools
import json
import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import cloudwatch_logs, lambda_svc
from ministack.services.cloudformation import provisioners

from .events import deliver
from .roles import Roles

logger = logging.getLogger(__name__)

FILTERS_PER_GROUP = 2
_PRINCIPALS = ("logs.{region}.amazonaws.com", "logs.amazonaws.com")
_RESOURCE_TYPE = "AWS::Logs::SubscriptionFilter"

_numbers = itertools.count()


def install(roles: Roles) -> None:
    cloudwatch_logs._fanout_to_subscription_filters = partial(_deliver, roles)
    cloudwatch_logs._put_subscription_filter = _checked(
        cloudwatch_logs._put_subscription_filter, roles
    )
    handlers = provisioners._RESOURCE_HANDLERS[_RESOURCE_TYPE]
    handlers["create"] = _in_existing_group(handlers["create"])


def _deliver(roles: Roles, group: str, stream: str, events: list[dict[str, Any]]) -> None:
    subscriptions = cloudwatch_logs._log_groups[group].get("subscriptionFilters") or {}
    for subscription in list(subscriptions.values()):
        destination = subscription["destinationArn"]
        pattern = subscription["filterPattern"]
        matching = [
            event
            for event in events
            if cloudwatch_logs._subscription_pattern_matches(pattern, event["message"])
        ]
        if not matching or ":function:" not in destination:
            continue
        if not _may_invoke(roles, destination, group):
            logger.warning("%s: CloudWatch Logs may not invoke %s", group, destination)
            continue
        message = {
            "messageType": "DATA_MESSAGE",
            "owner": get_account_id(),
            "logGroup": group,
            "logStream": stream,
            "subscriptionFilters": [subscription["filterName"]],
            "logEvents": [
                {
                    "id": f"{event['timestamp']:013}{next(_numbers):043}",
                    "timestamp": event["timestamp"],
                    "message": event["message"],
                }
                for event in matching
            ],
        }
        data = base64.b64encode(gzip.compress(json.dumps(message).encode())).decode()
        deliver(destination, json.dumps({"awslogs": {"data": data}}))


def _checked(put: Callable[[dict[str, Any]], Any], roles: Roles) -> Callable[[dict[str, Any]], Any]:
    def put_checked(parameters: dict[str, Any]) -> Any:
        group, name = parameters.get("logGroupName"), parameters.get("filterName")
        known = cloudwatch_logs._log_groups.get(group) or {}
        others = set(known.get("subscriptionFilters") or {}) - {name}
        if len(others) >= FILTERS_PER_GROUP:
            return cloudwatch_logs.error_response_json(
                "LimitExceededException", "Resource limit exceeded.", 400
            )
        destination = str(parameters.get("destinationArn"))
        on_function = known and ":function:" in destination
        if on_function and not _may_invoke(roles, destination, str(group)):
            return cloudwatch_logs.error_response_json(
                "InvalidParameterException",
                "Could not execute the lambda function. Make sure you have given CloudWatch Logs"
                " permission to execute your function.",
                400,
            )
        return put(parameters)

    return put_checked


def _may_invoke(roles: Roles, function_arn: str, group: str) -> bool:
    function, _, _ = lambda_svc._get_func_record_for_ref(function_arn)
    if not function:
        return False
    group_arn = f"arn:aws:logs:{get_region()}:{get_account_id()}:log-group:{group}:*"
    return any(
        roles.lets_in(
            principal.format(region=get_region()), "lambda:InvokeFunction", function_arn, group_arn
        )
        for principal in _PRINCIPALS
    )


def _in_existing_group(create: Callable[..., Any]) -> Callable[..., Any]:
    def create_in_group(logical_id: str, properties: dict[str, Any], stack: str) -> Any:
        group = properties.get("LogGroupName")
        if group not in cloudwatch_logs._log_groups:
            raise ValueError(
                f"{logical_id}: ResourceNotFoundException: The specified log group does not exist:"
                f" {group}"
            )
        return create(logical_id, properties, stack)

    return create_in_group
