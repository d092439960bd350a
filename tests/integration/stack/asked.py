"""What was asked of IAM in this session, and the policies that were deployed for it."""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from deployed import Deployed

from jetbridge_local.authorization import Check

Document = dict[str, Any]
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


class Asked:
    """``requests`` are all that limited callers have made, each distinct one once."""

    def __init__(self, deployed: Deployed) -> None:
        self._iam = deployed.client("iam")
        self.requests = [_request(each) for each in deployed.cloud.authorizations()]

    def distinct(self) -> list[Request]:
        """One request of each kind."""
        return list({request.kind: request for request in self.requests}.values())

    @cached_property
    def documents(self) -> Mapping[str, list[Document]]:
        """By principal's name: all documents of each role and user that has asked for something,
        and is still there."""
        names = {
            (request.principal.split(":")[5].partition("/")[0], request.name)
            for request in self.requests
            if request.name
        }
        found = {}
        for kind, name in names:
            with suppress(self._iam.exceptions.NoSuchEntityException):
                found[name] = self._documents_of(kind, name)
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
