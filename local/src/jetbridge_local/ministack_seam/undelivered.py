"""Deliveries that can't be made, and the dead-letter queues of rules' and schedules' targets.

ministack logs what it can't deliver and drops it, looks at no queue's policy, and knows no
DeadLetterConfig. Sources: EventBridge user guide, "Using dead-letter queues to process undelivered
events" (a missing target or permission is not retried) and "Using resource-based policies";
EventBridge Scheduler user guide, "Configuring a schedule's dead-letter queue".

Queues and functions are looked at, and of a function only whether it exists.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ministack.core.iam_evaluator import EvalContext, evaluate_resource_policy
from ministack.core.responses import get_account_id, get_region
from ministack.services import lambda_svc, sqs

logger = logging.getLogger(__name__)

EVENTBRIDGE = "events.amazonaws.com"


@dataclass(frozen=True)
class Refusal:
    """Why nothing can be delivered to a target.

    Attributes:
        code: as EventBridge names it.
        target_code: as the target's own service names it, which is what Scheduler reports.
    """

    code: str
    target_code: str
    message: str


def refusal_by(target_arn: str, rule_arn: str | None = None) -> Refusal | None:
    """Why a target can't be delivered to; None if it can, or if nothing is known of its kind.

    ``rule_arn`` is the rule that sends, which needs the leave of a queue's policy. A schedule sends
    with a role of its own, and needs none.
    """
    service = target_arn.split(":")[2:3]
    if service == ["lambda"]:
        function, _, name = lambda_svc._get_func_record_for_ref(target_arn)
        if not function:
            message = f"Function not found: {name}"
            return Refusal("NO_RESOURCE", "ResourceNotFoundException", message)
    if service == ["sqs"]:
        queue = sqs._queue_by_arn(target_arn)
        if queue is None:
            message = "The specified queue does not exist."
            return Refusal("NO_RESOURCE", "AWS.SimpleQueueService.NonExistentQueue", message)
        if rule_arn is not None and not _lets_in(queue, target_arn, rule_arn):
            message = f"The queue's policy does not let {rule_arn} send messages."
            return Refusal("NO_PERMISSIONS", "AccessDenied", message)
    return None


def give_up(
    dead_letters: str | None,
    body: str,
    attributes: Mapping[str, str],
    rule_arn: str | None = None,
) -> None:
    """Put what couldn't be delivered into a dead-letter queue, if there is one that takes it.

    AWS drops what its dead-letter queue doesn't take, too.
    """
    if not dead_letters:
        logger.warning("undelivered, and no dead-letter queue: %s", dict(attributes))
        return
    refusal = refusal_by(dead_letters, rule_arn)
    if refusal is not None:
        logger.warning("undelivered: %s; nor to %s: %s", dict(attributes), dead_letters, refusal)
        return
    message = {
        "QueueUrl": dead_letters.rsplit(":", 1)[-1],
        "MessageBody": body,
        "MessageAttributes": {
            name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
        },
    }
    sqs._act_send_message(message, "")


def _lets_in(queue: Mapping[str, Any], queue_arn: str, rule_arn: str) -> bool:
    context = EvalContext(
        principal_arn="*",
        principal_type="Service",
        principal_account="",
        action="sqs:SendMessage",
        resource_arn=queue_arn,
        region=get_region(),
        service_context={"aws:sourcearn": rule_arn, "aws:sourceaccount": get_account_id()},
    )
    policy = queue["attributes"].get("Policy")
    answer = evaluate_resource_policy(policy, context, service=EVENTBRIDGE)
    return bool(answer.decision == "Allow")
