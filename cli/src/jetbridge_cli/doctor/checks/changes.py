"""Checks whether somebody has changed a resource outside of CloudFormation."""

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

from jetbridge_cli.doctor.deployment import FUNCTION, NAMES, Deployment
from jetbridge_cli.doctor.finding import Finding, Result, if_there
from jetbridge_cli.doctor.template import Template, Unresolved

_OWN = "JETBRIDGE_"


def variables(deployment: Deployment) -> Iterator[Result]:
    """Each function has the environment variables that the template gives it."""
    template = Template(deployment)
    for name, properties in template.of(FUNCTION).items():
        if name == NAMES:
            continue
        found = deployment.configuration(name)
        if found is None:
            continue  # the check of functions says so
        actual = found.get("Environment", {}).get("Variables", {})
        given = properties.get("Environment", {}).get("Variables", {})
        # Without the variable itself where it is AWS::NoValue.
        members = {key: _resolved(template, {key: value}) for key, value in given.items()}
        own = {key for key, member in members.items() if member != {}}
        for key in sorted(own):
            if members[key] is None or actual.get(key) == str(members[key][key]):
                continue
            yield _variable(name, key, str(members[key][key]), actual.get(key))
        for key in sorted(actual.keys() - own):
            if key.startswith(_OWN):
                where = deployment.functions[name]
                yield Finding(
                    check="variables",
                    subject=name,
                    problem=f"it has a variable {key}, and the stack gives it none.",
                    fix=f"Somebody added it outside of CloudFormation: remove {key} from {where}.",
                    section="functions",
                )


def _variable(function: str, key: str, wanted: str, actual: str | None) -> Finding:
    state = "is missing" if actual is None else f"is {actual!r}"
    return Finding(
        check="variables",
        subject=function,
        problem=f"its variable {key} {state}, and the stack's own is {wanted!r}.",
        fix="Somebody changed it outside of CloudFormation: set it back to the stack's own.",
        section="functions",
    )


def patterns(deployment: Deployment) -> Iterator[Result]:
    """Each rule matches the events that the template names."""
    template = Template(deployment)
    for name, properties in template.of("AWS::Events::Rule").items():
        rule = deployment.of("AWS::Events::Rule")[name].rpartition("/")[2]
        found = if_there(partial(deployment.aws.events.describe_rule, Name=rule))
        wanted = _resolved(template, properties.get("EventPattern"))
        if found is None or wanted is None:
            continue
        if json.loads(found.get("EventPattern") or "{}") != wanted:
            yield Finding(
                check="event patterns",
                subject=name,
                problem="its event pattern isn't the stack's: events that Jetbridge needs may not "
                "arrive, so the stack learns of a container's end only when the sweeper looks.",
                fix=f"aws events put-rule --name {rule} --event-pattern '{json.dumps(wanted)}'",
                section="rules",
            )


def dead_letter_queues(deployment: Deployment) -> Iterator[Result]:
    """Each queue gives messages up to the dead-letter queue that the template names."""
    template = Template(deployment)
    for name, properties in template.of("AWS::SQS::Queue").items():
        queue = deployment.queues.get(name)
        if queue is None or "RedrivePolicy" not in properties:
            continue
        actual = json.loads(queue.get("RedrivePolicy") or "{}")
        wanted = _resolved(template, properties["RedrivePolicy"])
        if not actual:
            problem = (
                "the queue has no dead-letter queue: what fails is tried for 14 days, then lost."
            )
        elif wanted is None or _target(actual) == _target(wanted):
            continue
        else:
            problem = (
                f"it gives messages up to {actual.get('deadLetterTargetArn')} after "
                f"{actual.get('maxReceiveCount')} attempts, and not to "
                f"{wanted['deadLetterTargetArn']} after {wanted['maxReceiveCount']}: nobody looks "
                "for them there."
            )
        yield Finding(
            check="dead-letter queues",
            subject=name,
            problem=problem,
            fix="Give it its RedrivePolicy of template.yaml again (aws sqs set-queue-attributes).",
            section="queue-policies",
        )


def _target(policy: Any) -> tuple[str, str]:
    return str(policy.get("deadLetterTargetArn")), str(policy.get("maxReceiveCount"))


def _resolved(template: Template, expression: Any) -> Any:
    """The expression's value. None if it isn't known: then there is nothing to compare."""
    try:
        return template.value(expression)
    except Unresolved:
        return None
