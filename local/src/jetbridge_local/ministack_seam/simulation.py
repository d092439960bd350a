"""IAM's simulator, by the evaluator that authorises requests.

ministack's own looks at one resource, no condition keys and no permissions boundary. What this one
answers: IAM API reference, SimulatePrincipalPolicy and SimulateCustomPolicy. Policies of resources
and ``MissingContextValues`` are left out.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from xml.sax.saxutils import escape  # nosec B406 # it writes XML and parses none

from ministack.core import iam_evaluator
from ministack.core.iam_evaluator import EvalContext
from ministack.core.responses import get_account_id, get_region
from ministack.services import iam

_DECISIONS = {"Allow": "allowed", "Deny": "explicitDeny"}
Parameters = Mapping[str, Any]


def install() -> None:
    """Answer both operations here."""
    iam._IAM_HANDLERS["SimulatePrincipalPolicy"] = _principal
    iam._IAM_HANDLERS["SimulateCustomPolicy"] = _custom


def _principal(parameters: Parameters) -> Any:
    arn = _one(parameters, "PolicySourceArn")
    kind, _, name = arn.rpartition(":")[2].partition("/")
    name, account = name.rpartition("/")[2], get_account_id()
    store = {"role": iam._roles, "user": iam._users}.get(kind)
    if store is None or store.get(name) is None:
        return iam._error(404, "NoSuchEntity", f"The {kind} {name} cannot be found.", ns="iam")
    gather = (
        iam_evaluator._gather_role_policies
        if kind == "role"
        else iam_evaluator._gather_user_policies
    )
    limits = iam_evaluator._permissions_boundary(store, name, account)
    return _answer("SimulatePrincipalPolicy", parameters, arn, gather(name, account), limits)


def _custom(parameters: Parameters) -> Any:
    documents = _members(parameters, "PolicyInputList.member")
    policies = [iam_evaluator.parse_policy_document(each) for each in documents]
    return _answer("SimulateCustomPolicy", parameters, "*", policies, [])


def _answer(
    operation: str, parameters: Parameters, principal: str, policies: Any, limits: Any
) -> Any:
    context = dict(_context(parameters))
    members = []
    for action in _members(parameters, "ActionNames.member"):
        for resource in _members(parameters, "ResourceArns.member") or ["*"]:
            asked = EvalContext(
                principal_arn=principal,
                principal_type="Role",
                principal_account=get_account_id(),
                action=action,
                resource_arn=resource,
                region=get_region(),
                service_context={"aws:tagkeys": None, **context},
            )
            result = iam_evaluator.evaluate(asked, policies, *limits)
            members.append(
                f"<member><EvalActionName>{escape(action)}</EvalActionName>"
                f"<EvalResourceName>{escape(resource)}</EvalResourceName>"
                f"<EvalDecision>{_DECISIONS.get(result.decision, 'implicitDeny')}</EvalDecision>"
                "<MatchedStatements/><MissingContextValues/></member>"
            )
    return iam._xml(
        200,
        f"{operation}Response",
        f"<{operation}Result><IsTruncated>false</IsTruncated><EvaluationResults>"
        f"{''.join(members)}</EvaluationResults></{operation}Result>",
        ns="iam",
    )


def _context(parameters: Parameters) -> Iterator[tuple[str, Any]]:
    """``ContextEntries``, each key in lower case, as the evaluator has them."""
    number = 1
    while name := _one(parameters, f"ContextEntries.member.{number}.ContextKeyName"):
        values = _members(parameters, f"ContextEntries.member.{number}.ContextKeyValues.member")
        kind = _one(parameters, f"ContextEntries.member.{number}.ContextKeyType")
        yield name.lower(), values if kind.endswith("List") else "".join(values[:1])
        number += 1


def _members(parameters: Parameters, name: str) -> list[str]:
    found: list[str] = []
    while each := _one(parameters, f"{name}.{len(found) + 1}"):
        found.append(each)
    return found


def _one(parameters: Parameters, name: str) -> str:
    return str(iam._p(parameters, name) or "")
