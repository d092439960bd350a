"""Checks rules, their targets and queue policies, schedules, and event source mappings."""

import json
from collections.abc import Iterator
from functools import partial

from jetbridge_cli.doctor.deployment import Deployment
from jetbridge_cli.doctor.finding import Finding, Result, if_there
from jetbridge_cli.doctor.simulation import service_may

_EVENTS = "events.amazonaws.com"
_TARGET = "StateChangeQueue"
_PARTIAL = "ReportBatchItemFailures"
_UNNOTICED = "the stack learns of a container's end only when the sweeper looks."


def rules(deployment: Deployment) -> Iterator[Result]:
    """Each rule is enabled and has its queue as target, and the queue's policy allows
    EventBridge."""
    for name, rule in deployment.of("AWS::Events::Rule").items():
        described = if_there(partial(deployment.aws.events.describe_rule, Name=rule))
        if described is None:
            yield _finding(
                "rules",
                name,
                f"the rule is gone: {_UNNOTICED}",
                "Create it again as in template.yaml, or delete the stack and deploy it again.",
                "rules",
            )
            continue
        if described.get("State") == "DISABLED":
            yield _finding(
                "rules",
                name,
                f"the rule is disabled: {_UNNOTICED}",
                f"aws events enable-rule --name {rule}",
                "rules",
            )
        yield from _targets(deployment, name, rule, described["Arn"])


def _targets(deployment: Deployment, name: str, rule: str, arn: str) -> Iterator[Result]:
    targets = deployment.aws.events.list_targets_by_rule(Rule=rule)["Targets"]
    if not targets:
        yield _finding(
            "rules",
            name,
            "the rule has no target: its events go nowhere.",
            f"Give it StateChangeQueue as its target again (aws events put-targets --rule {rule}).",
            "rules",
        )
    by_arn = {each["QueueArn"]: each for each in deployment.queues.values()}
    wanted = deployment.queues.get(_TARGET, {}).get("QueueArn")
    for target in targets:
        if wanted and target["Arn"] != wanted:
            yield _finding(
                "rules",
                name,
                f"its target is {target['Arn']}, and not {_TARGET}.",
                f"Give it {_TARGET} as its target again (aws events put-targets --rule {rule}).",
                "rules",
            )
            continue
        for queue in (target["Arn"], target.get("DeadLetterConfig", {}).get("Arn")):
            if queue is None:
                yield _finding(
                    "rules",
                    name,
                    f"its target {target['Id']} has no dead-letter queue: what can't be "
                    "delivered is lost.",
                    "Give the target UndeliveredStateChanges as its dead-letter queue again.",
                    "rules",
                )
                continue
            policy = json.loads(by_arn.get(queue, {}).get("Policy") or "{}")
            if not service_may(deployment.aws.iam, policy, _EVENTS, "sqs:SendMessage", queue, arn):
                yield _finding(
                    "rules",
                    deployment.queue_of(queue),
                    f"the queue's policy doesn't let EventBridge send for the rule {name}.",
                    "Give the queue the policy of StateChangeQueuePolicy in template.yaml again.",
                    "queue-policies",
                )


def schedules(deployment: Deployment) -> Iterator[Result]:
    """The sweeper's schedules exist and are enabled."""
    for name, physical in deployment.of("AWS::Scheduler::Schedule").items():
        schedule = physical.rpartition("|")[2].rpartition("/")[2]
        found = if_there(partial(deployment.aws.scheduler.get_schedule, Name=schedule))
        state = str(found["State"]) if found else "gone"
        if state != "ENABLED":
            yield _finding(
                "schedules",
                name,
                f"the sweeper's schedule {schedule} is {state.lower()}: nobody finds timeouts, "
                "lost messages and ends that were never reported.",
                "Enable it in EventBridge Scheduler, or create it again as in template.yaml.",
                "sweeprunssilentalarm",
            )


def mappings(deployment: Deployment) -> Iterator[Result]:
    """Each queue's mapping to its function exists and is enabled."""
    for name, mapping in deployment.of("AWS::Lambda::EventSourceMapping").items():
        described = if_there(
            partial(deployment.aws.functions.get_event_source_mapping, UUID=mapping)
        )
        if described is None:
            yield _finding(
                "mappings",
                name,
                "the event source mapping is gone: nobody reads its queue.",
                "Create it again as in template.yaml, or delete the stack and deploy it again.",
                "mappings",
            )
            continue
        state = described.get("State", "Enabled")
        if state not in ("Enabled", "Enabling", "Creating", "Updating"):
            yield _finding(
                "mappings",
                name,
                f"the event source mapping is {state.lower()}: nobody reads its queue.",
                f"aws lambda update-event-source-mapping --uuid {mapping} --enabled",
                "mappings",
            )
        if _PARTIAL not in described.get("FunctionResponseTypes", []):
            # Lambda developer guide, "Handling errors for an SQS event source in Lambda".
            yield _finding(
                "mappings",
                name,
                f"the event source mapping doesn't have {_PARTIAL}: Lambda deletes messages that "
                "failed.",
                f"aws lambda update-event-source-mapping --uuid {mapping} "
                f"--function-response-types {_PARTIAL}",
                "mappings",
            )


def _finding(check: str, subject: str, problem: str, fix: str, section: str) -> Finding:
    return Finding(check=check, subject=subject, problem=problem, fix=fix, section=section)
