"""The requests that IAM decided in this session, and the policies that were deployed."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from deployed import Deployed

from jetbridge_local.authorization import Check
from jetbridge_local.ministack_seam.identities import allowed_by

Document = dict[str, Any]
STACK = "jetbridge"
# Ids that make requests differ which IAM can't tell apart here.
_ID = re.compile(r"(?=[a-z]*[0-9])[0-9a-z]{8,}(?:-[0-9a-f]+)*|\d+")


@dataclass(frozen=True)
class Request:
    """One distinct request: ``principal`` is an ARN or an AWS service."""

    principal: str
    check: Check
    allowed: bool
    message: str

    @property
    def name(self) -> str:
        """The role's or user's; empty for a service."""
        _, _, named = self.principal.partition("/")
        return named.partition("/")[0]

    @property
    def kind(self) -> tuple[object, ...]:
        """The same for requests that differ in nothing but ids."""
        context = sorted(
            (key, _ID.sub("#", str(value))) for key, value in self.check.context.items()
        )
        return (
            self.name or self.principal,
            self.check.action,
            _ID.sub("#", self.check.resource),
            str(context),
        )


@dataclass(frozen=True)
class Policy:
    """One of the template's: a role's own, or a managed one.

    Attributes:
        principal: name of the role, or of the user that has it.
        besides: what else that user has.
    """

    principal: str
    document: Document
    besides: list[Document]

    def actions(self, sid: str) -> list[str] | None:
        """What a statement allows; None if there is none of this name here."""
        for statement in self.document["Statement"]:
            if statement.get("Sid") == sid:
                return _listed(statement["Action"])
        return None

    def without(self, sid: str, action: str) -> list[Document]:
        """All that the principal has, but for this action in this statement."""
        left = []
        for statement in self.document["Statement"]:
            kept = _listed(statement["Action"])
            if statement.get("Sid") == sid:
                kept = [each for each in kept if each != action]
            if kept:
                left.append({**statement, "Action": kept})
        return [{**self.document, "Statement": left}, *self.besides]


class Asked:
    """``requests`` are all that limited callers have made, each distinct one once; ``documents``
    by principal's name all documents of each role and user that has asked for something, and is
    still there; ``policies`` those of the template by their logical ids."""

    def __init__(self, record: Mapping[str, Any]) -> None:
        self._record = record
        self.requests = [_request(each) for each in record["requests"]]
        self.documents: Mapping[str, list[Document]] = record["documents"]
        self.policies = {
            name: Policy(each["principal"], each["document"], each["besides"])
            for name, each in record["policies"].items()
        }

    @classmethod
    def of(cls, deployed: Deployed, managed_by: Mapping[str, str]) -> Self:
        """Args:
        managed_by: by logical id of a managed policy, the user who has it.
        """
        requests = deployed.cloud.authorizations()
        principals = {each["principal"] for each in requests if "/" in each["principal"]}
        deployed_ones = _Deployed(deployed, managed_by)
        return cls(
            {
                "requests": requests,
                "documents": deployed_ones.documents(principals),
                "policies": deployed_ones.policies(),
            }
        )

    @classmethod
    def saved(cls, path: Path) -> Self:
        return cls(json.loads(path.read_text()))

    def save(self, path: Path) -> None:
        """Keep the record, so that the tests of it can be repeated without those before."""
        path.write_text(json.dumps(self._record))

    def distinct(self) -> list[Request]:
        """One request of each kind."""
        return list({request.kind: request for request in self.requests}.values())

    def needing(self, policy: Policy, sid: str, action: str) -> Iterator[Request]:
        """Allowed requests that would be denied without this action in this statement."""
        rest = policy.without(sid, action)
        for each in self.requests:
            if not each.allowed or each.name != policy.principal or each.check.action != action:
                continue
            if not allowed_by(rest, each.principal, each.check):
                yield each


class _Deployed:
    """Reads the policies from IAM and CloudFormation."""

    def __init__(self, deployed: Deployed, managed_by: Mapping[str, str]) -> None:
        self._iam = deployed.client("iam")
        pages = deployed.client("cloudformation").get_paginator("list_stack_resources")
        self._resources = [
            each
            for page in pages.paginate(StackName=STACK)
            for each in page["StackResourceSummaries"]
        ]
        self._managed_by = managed_by

    def documents(self, principals: set[str]) -> dict[str, list[Document]]:
        names = {
            (principal.split(":")[5].partition("/")[0], principal.split("/")[1])
            for principal in principals
        }
        found = {}
        for kind, name in names:
            with suppress(self._iam.exceptions.NoSuchEntityException):
                found[name] = self._documents_of(kind, name)
        return found

    def policies(self) -> dict[str, Any]:
        found = {}
        for each in self._resources:
            logical, physical = each["LogicalResourceId"], each["PhysicalResourceId"]
            if each["ResourceType"] == "AWS::IAM::Role":
                [document] = self._documents_of("role", physical)
                found[logical] = {"principal": physical, "document": document, "besides": []}
            elif each["ResourceType"] == "AWS::IAM::ManagedPolicy":
                document, user = self._managed(physical), self._managed_by[logical]
                besides = [other for other in self._documents_of("user", user) if other != document]
                found[logical] = {"principal": user, "document": document, "besides": besides}
        return found

    def _documents_of(self, kind: str, name: str) -> list[Document]:
        if kind == "user":
            inline = self._iam.list_user_policies(UserName=name)["PolicyNames"]
            attached = self._iam.list_attached_user_policies(UserName=name)["AttachedPolicies"]
            own = [self._iam.get_user_policy(UserName=name, PolicyName=each) for each in inline]
        else:
            inline = self._iam.list_role_policies(RoleName=name)["PolicyNames"]
            attached = self._iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
            own = [self._iam.get_role_policy(RoleName=name, PolicyName=each) for each in inline]
        return [each["PolicyDocument"] for each in own] + [
            self._managed(each["PolicyArn"]) for each in attached
        ]

    def _managed(self, arn: str) -> Document:
        version = self._iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        got = self._iam.get_policy_version(PolicyArn=arn, VersionId=version)
        return dict(got["PolicyVersion"]["Document"])


def _request(given: Mapping[str, Any]) -> Request:
    context = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in given["context"].items()
    }
    check = Check(given["action"], given["resource"], context)
    return Request(given["principal"], check, given["allowed"], given["message"])


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
