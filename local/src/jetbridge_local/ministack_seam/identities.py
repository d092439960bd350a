"""IAM's users, roles and policies, and ministack's evaluator of them.

ministack can authorise requests itself (``AUTH=true``). But it asks about one resource a request,
doesn't know dependent actions (iam:PassRole, ecs:TagResource), knows few condition keys, and reads
every policy again. So the questions are ours (``jetbridge_local.authorization``) and the answers
its own: statements, conditions, boundaries, session policies and resource policies, by IAM's
evaluation logic. It doesn't know policy variables (``${aws:username}``).
"""

import hashlib
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ministack.core import iam_actions, iam_evaluator
from ministack.core.iam_evaluator import AuthError, EvalContext, PrincipalInfo
from ministack.core.responses import request_scope
from ministack.services import iam, sts

from jetbridge_local.authorization.model import Caller, Check, Decision, Unknown

# Programs that set up, watch and clean up. They need no permissions.
ADMINISTRATORS = frozenset(
    {"deployer", "developer", "demo", "tester", "tests", "test", "benchmark"}
)

# IAM user guide, "IAM identifiers": access keys of users and of temporary credentials.
_ACCESS_KEY = re.compile(r"A[KS]IA[A-Z0-9]{12,}")
# IAM is eventually consistent on AWS, too.
_REMEMBERED_SECONDS = 1.0
_INVALID = "The security token included in the request is invalid."
# These answer a denial with 403, JSON services else with 400 (API references, "Common errors").
_FORBIDDEN = frozenset({"lambda", "batch", "cloudwatch", "sqs", "s3"})
_XML = frozenset({"s3", "cloudformation", "iam", "sts", "ec2"})
_NAMES = {"cloudwatch": "monitoring"}


@dataclass(frozen=True)
class Session:
    """Temporary credentials of a role."""

    access_key_id: str
    secret_access_key: str
    token: str


class Identities:
    """An ``authorization.Identities`` on what IAM's API and CloudFormation have made."""

    def __init__(self, account: str, region: str) -> None:
        self._account = account
        self._region = region
        self._known: dict[str, tuple[float, Caller]] = {}

    def caller(self, access_key: str) -> Caller:
        """A user's or session's key, a user's name, or an administrator's. Raises Unknown."""
        until, known = self._known.get(access_key, (0.0, None))
        now = time.monotonic()
        if known is None or until < now:
            with request_scope(self._account, self._region):
                known = self._resolved(access_key)
            self._known[access_key] = (now + _REMEMBERED_SECONDS, known)
        return known

    def forget(self) -> None:
        """Call this when IAM has changed something."""
        self._known.clear()

    def decide(self, caller: Caller, check: Check) -> Decision:
        principal: PrincipalInfo = caller.handle
        context = _context_of(principal, check, self._region)
        service = check.action.partition(":")[0]
        result = iam_evaluator.evaluate(context, principal.policies, *principal.limits)
        with request_scope(self._account, self._region):
            found = iam_evaluator._resource_policy(service, check.resource)
            if found is not None:
                result = iam_evaluator.combine_resource_policy(
                    result,
                    context,
                    *found,
                    required=service in iam_evaluator._POLICY_REQUIRED,
                    limits=principal.limits,
                )
        if result.decision == "Allow":
            return Decision(allowed=True)
        return Decision(allowed=False, message=_denial(principal, context, check, result))

    def service_may(self, service: str, policy: Any, check: Check) -> bool:
        """Whether a resource's policy lets an AWS service in, ``events.amazonaws.com``."""
        context = EvalContext(
            principal_arn="*",
            principal_type="Service",
            principal_account="",
            action=check.action,
            resource_arn=check.resource,
            region=self._region,
            service_context=_plain(check),
        )
        answer = iam_evaluator.evaluate_resource_policy(policy, context, service=service)
        return bool(answer.decision == "Allow")

    def resource_policy(self, resource: str) -> Any:
        """A queue's, function's, bucket's or key's own policy; None if it has none."""
        service = resource.split(":")[2]
        with request_scope(self._account, self._region):
            found = iam_evaluator._resource_policy(service, resource)
        return found[0] if found else None

    def session(self, role_arn: str, name: str, service: str) -> Session | None:
        """What a service gets when it assumes a role; None if the role doesn't trust it.

        The same role and name have the same credentials each time.
        """
        role = role_arn.rpartition("/")[2]
        with request_scope(self._account, self._region):
            known = iam._roles.get(role)
            if known is None or not self._trusts(known, role_arn, service):
                return None
            digest = hashlib.sha256(f"{role_arn}:{name}".encode()).hexdigest()
            made = Session(f"ASIA{digest[:16].upper()}", digest[16:56], digest[24:64])
            arn = f"arn:aws:sts::{self._account}:assumed-role/{role}/{name[:64]}"
            sts.register_session(
                made.access_key_id,
                {
                    "Arn": arn,
                    "AccountId": self._account,
                    "UserId": f"{known['RoleId']}:{name[:64]}",
                    "SecretAccessKey": made.secret_access_key,
                    "SessionToken": made.token,
                },
            )
            return made

    def refuse(
        self, service: str, headers: Mapping[str, str], code: str, message: str
    ) -> tuple[int, dict[str, str], bytes]:
        """An error as the service answers it in the request's protocol."""
        named = _NAMES.get(service, service)
        status, answered, body = iam_actions.access_denied_response(
            named, "", "", "local", error_code=code, message=message, headers=dict(headers)
        )
        if service not in _FORBIDDEN | _XML:
            status = 400
        return status, answered, body

    def _resolved(self, access_key: str) -> Caller:
        arn = f"arn:aws:iam::{self._account}:user/{access_key}"
        if _ACCESS_KEY.fullmatch(access_key):
            principal = iam_evaluator.resolve_principal(access_key, self._account)
            if isinstance(principal, AuthError):
                raise Unknown(principal.code, principal.message)
            return Caller(principal.arn, handle=principal)
        if access_key in iam._users:
            return Caller(arn, handle=self._user(access_key, arn))
        if access_key in ADMINISTRATORS:
            return Caller(arn, unlimited=True)
        raise Unknown(
            "UnrecognizedClientException",
            f"{_INVALID} (the local cloud: {access_key!r} is no access key, no IAM user's name and"
            f" none of the administrators {', '.join(sorted(ADMINISTRATORS))})",
        )

    def _user(self, name: str, arn: str) -> PrincipalInfo:
        return PrincipalInfo(
            arn=arn,
            type="User",
            account=self._account,
            policies=iam_evaluator._gather_user_policies(name, self._account),
            keys={"aws:username": name},
            limits=iam_evaluator._permissions_boundary(iam._users, name, self._account),
        )

    def _trusts(self, role: Mapping[str, Any], role_arn: str, service: str) -> bool:
        trust = role.get("AssumeRolePolicyDocument")
        check = Check("sts:AssumeRole", role_arn, {"aws:SourceAccount": self._account})
        return self.service_may(service, trust, check)


def allowed_by(
    documents: Iterable[Any], principal_arn: str, check: Check, boundary: Any = None
) -> bool:
    """Whether policy documents allow something, by themselves or inside a boundary's document."""
    account, region = principal_arn.split(":")[4], (check.resource.split(":") + [""] * 4)[3]
    principal = PrincipalInfo(arn=principal_arn, type="", account=account, policies=None)
    context = _context_of(principal, check, region)
    policies = [iam_evaluator.parse_policy_document(each) for each in documents]
    limits = [[iam_evaluator.parse_policy_document(boundary)]] if boundary else []
    return bool(iam_evaluator.evaluate(context, policies, *limits).decision == "Allow")


def _context_of(principal: PrincipalInfo, check: Check, region: str) -> EvalContext:
    return EvalContext(
        principal_arn=principal.arn,
        principal_type=principal.type,
        principal_account=principal.account,
        action=check.action,
        resource_arn=check.resource,
        region=region,
        service_context={"aws:tagkeys": None, **_plain(check)},
        principal_keys=principal.keys,
    )


def _plain(check: Check) -> dict[str, Any]:
    """The evaluator's form: keys in lower case, several values as a list."""
    return {
        key.lower(): list(value) if isinstance(value, tuple) else value
        for key, value in check.context.items()
    }


def _denial(principal: PrincipalInfo, context: EvalContext, check: Check, result: Any) -> str:
    """IAM user guide, "Troubleshoot access denied error messages"."""
    service, _, name = check.action.partition(":")
    # SQS writes its actions in lower case there, S3 quotes the resource.
    action = f"{service}:{name.lower()}" if service == "sqs" else check.action
    resource = f'"{check.resource}"' if service == "s3" else check.resource
    reason = f"because no identity-based policy allows the {action} action"
    if result.decision == "Deny":
        kind = "a resource-based" if result.resource_policy_arn else "an identity-based"
        reason = f"with an explicit deny in {kind} policy"
    elif iam_evaluator.evaluate(context, principal.policies).decision == "Allow":
        reason = f"because no permissions boundary allows the {action} action"
        if service in iam_evaluator._POLICY_REQUIRED:
            reason = f"because no resource-based policy allows the {action} action"
    return (
        f"User: {principal.arn} is not authorized to perform: {action} on resource: {resource}"
        f" {reason}"
    )
