"""The questions that one API call puts to IAM."""

from collections.abc import Callable, Iterator

from .model import Call, Check, Facts, Place
from .services import batch, dynamodb, ecs, others, s3

_SERVICES: dict[str, Callable[[Call, Place, Facts], Iterator[Check]]] = {
    "batch": batch.checks,
    "cloudformation": others.cloudformation,
    "cloudwatch": others.cloudwatch,
    "dynamodb": dynamodb.checks,
    "ecs": ecs.checks,
    "events": others.events,
    "iam": others.iam,
    "kms": others.kms,
    "lambda": others.awslambda,
    "logs": others.logs,
    "s3": s3.checks,
    "scheduler": others.scheduler,
    "secretsmanager": others.secretsmanager,
    "sqs": others.sqs,
}
# "No permissions are required to perform this operation" (AWS STS API reference).
_ALWAYS = frozenset({("sts", "GetCallerIdentity"), ("sts", "GetSessionToken")})


def checks_of(call: Call, place: Place, facts: Facts) -> list[Check]:
    """Each action with each resource that the call needs, its own first."""
    if (call.service, call.operation) in _ALWAYS:
        return []
    return list(_SERVICES.get(call.service, others.unlimited)(call, place, facts))


def hiding_check_of(call: Call, place: Place, facts: Facts) -> Check | None:
    """The check for a call that is allowed and finds nothing: without this right the service
    answers with a denial, so that the caller doesn't learn what is missing."""
    return s3.hiding(call, place, facts) if call.service == "s3" else None
