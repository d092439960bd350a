"""Asks IAM what it would decide: SimulatePrincipalPolicy and SimulateCustomPolicy."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

Document = Mapping[str, Any]
# The limit for one call (IAM API reference, SimulatePrincipalPolicy: an entry for each action and
# resource).
_RESOURCES = 25


def denied_to_role(
    iam: Any,
    role_arn: str,
    action: str,
    resources: Sequence[str],
    context: Mapping[str, str] | None = None,
) -> list[str]:
    """The resources on which a role's policies and boundary don't allow the action.

    Wildcards in the resources are replaced, because the simulator takes an ARN literally. The
    simulation doesn't include the resources' own policies. Raises ClientError.
    """
    found = []
    for start in range(0, len(resources), _RESOURCES):
        asked = {_filled(each): each for each in resources[start : start + _RESOURCES]}
        answer = iam.simulate_principal_policy(
            PolicySourceArn=role_arn,
            ActionNames=[action],
            ResourceArns=list(asked),
            ContextEntries=_entries(context or {}),
        )
        found += [
            asked.get(result["EvalResourceName"], result["EvalResourceName"])
            for result in answer["EvaluationResults"]
            if result["EvalDecision"] != "allowed"
        ]
    return found


def service_may(
    iam: Any, policy: Document | None, service: str, action: str, resource: str, source: str
) -> bool:
    """Whether a resource's own policy lets an AWS service act for the resource ``source``.

    IAM's simulator takes no service as the caller ("You cannot specify the ARN of … a service
    principal": IAM API reference, SimulateCustomPolicy, CallerArn). So this function gives it the
    statements that name the service, as a policy without principals. The simulator decides on
    actions, resources and conditions. Raises ClientError.
    """
    statements = [
        {key: value for key, value in statement.items() if "Principal" not in key}
        for statement in _statements(policy or {})
        if names_service(statement, service)
    ]
    if not statements:
        return False
    answer = iam.simulate_custom_policy(
        PolicyInputList=[json.dumps({"Version": "2012-10-17", "Statement": statements})],
        ActionNames=[action],
        ResourceArns=[resource],
        ContextEntries=_entries(
            {"aws:SourceArn": source, "aws:SourceAccount": source.split(":")[4]}
        ),
    )
    return all(each["EvalDecision"] == "allowed" for each in answer["EvaluationResults"])


def trusts(iam: Any, role: Mapping[str, Any], arn: str, service: str, source: str) -> bool:
    """Whether a role's trust policy lets a service assume it for the resource ``source``.

    ``role``: from GetRole's answer. Raises ClientError.
    """
    trust = _with_resource(_document(role["AssumeRolePolicyDocument"]), arn)
    return service_may(iam, trust, service, "sts:AssumeRole", arn, source)


def names_service(statement: Document, service: str) -> bool:
    """Whether a statement's principal includes the service (IAM user guide, "AWS JSON policy
    elements: Principal")."""
    principal = statement.get("Principal")
    if principal is None:
        return not _has_service(statement.get("NotPrincipal"), service)
    return principal == "*" or _has_service(principal, service)


def _has_service(principal: Any, service: str) -> bool:
    if not isinstance(principal, Mapping):
        return False
    given = principal.get("Service", [])
    named = [given] if isinstance(given, str) else given
    return service in named or "*" in named


def _statements(policy: Document) -> Iterator[Document]:
    given = policy.get("Statement", [])
    yield from [given] if isinstance(given, Mapping) else given


def _with_resource(trust: Any, arn: str) -> Any:
    """Add a resource to a trust policy. The simulator needs one, but trust policies have none (IAM
    user guide, "IAM JSON policy elements: Resource")."""
    given = trust.get("Statement", [])
    statements = [given] if isinstance(given, dict) else given
    return trust | {"Statement": [each | {"Resource": arn} for each in statements]}


def _document(given: Any) -> Any:
    """The policy document. botocore decodes it, but other clients keep AWS's URL-encoded JSON."""
    return json.loads(unquote(given)) if isinstance(given, str) else given


def _filled(arn: str) -> str:
    return arn.replace("*", "doctor").replace("?", "x")


def _entries(context: Mapping[str, str]) -> list[dict[str, Any]]:
    return [
        {"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "string"}
        for key, value in context.items()
    ]
