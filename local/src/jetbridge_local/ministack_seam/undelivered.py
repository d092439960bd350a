"""Deliveries that can't be made, and the dead-letter queues of rules' and schedules' targets.

ministack logs what it can't deliver and drops it, looks at no queue's policy, and knows no
DeadLetterConfig. Sources: EventBridge user guide, "Using dead-letter queues to process undelivered
events" (a missing target or permission is not retried) and "Using resource-based policies";
EventBridge Scheduler user guide, "Configuring a schedule's dead-letter queue".

Queues and functions are looked at: whether they exist, and whether the sender may send to them. A
rule needs the leave of the target's own policy, a schedule that of its role's.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from ministack.services import lambda_svc, sqs

from .roles import SCHEDULER, Roles

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


@dataclass(frozen=True)
class Sender:
    """A rule, or a schedule with its role."""

    roles: Roles
    arn: str
    role_arn: str = ""

    def refusal(self, action: str, target_arn: str) -> str:
        """Why it may not send there; empty, if it may."""
        if self.role_arn:
            name = self.arn.rpartition("/")[2]
            return self.roles.refusal(SCHEDULER, self.role_arn, name, action, target_arn)
        if self.roles.lets_in(EVENTBRIDGE, action, target_arn, self.arn):
            return ""
        return f"The policy of {target_arn} does not let {self.arn} send to it."


def refusal_by(target_arn: str, sender: Sender) -> Refusal | None:
    """Why a target can't be delivered to; None if it can, or if nothing is known of its kind."""
    service = target_arn.split(":")[2:3]
    if service == ["lambda"]:
        function, _, name = lambda_svc._get_func_record_for_ref(target_arn)
        if not function:
            message = f"Function not found: {name}"
            return Refusal("NO_RESOURCE", "ResourceNotFoundException", message)
        if message := sender.refusal("lambda:InvokeFunction", target_arn):
            return Refusal("NO_PERMISSIONS", "AccessDeniedException", message)
    if service == ["sqs"]:
        if sqs._queue_by_arn(target_arn) is None:
            message = "The specified queue does not exist."
            return Refusal("NO_RESOURCE", "AWS.SimpleQueueService.NonExistentQueue", message)
        if message := sender.refusal("sqs:SendMessage", target_arn):
            return Refusal("NO_PERMISSIONS", "AccessDenied", message)
    return None


def give_up(
    dead_letters: str | None,
    body: str,
    attributes: Mapping[str, str],
    sender: Sender,
) -> None:
    """Put what couldn't be delivered into a dead-letter queue, if there is one that takes it.

    AWS drops what its dead-letter queue doesn't take, too.
    """
    if not dead_letters:
        logger.warning("undelivered, and no dead-letter queue: %s", dict(attributes))
        return
    refusal = refusal_by(dead_letters, sender)
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
