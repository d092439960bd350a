"""What was asked of IAM in this session, and the policies that were deployed for it."""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from deployed import Deployed

from jetbridge_local.authorization import Check
from jetbridge_local.ministack_seam.identities import allowed_by

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
    """``policies``: by role's or user's name, the documents of its policies."""

    def __init__(self, deployed: Deployed) -> None:
        self._iam = deployed.client("iam")
        found = deployed.client("cloudformation").get_paginator("list_stack_resources")
        self._resources = {
            each["LogicalResourceId"]: each["PhysicalResourceId"]
            for page in found.paginate(StackName="jetbridge")
            for each in page["StackResourceSummaries"]
        }
        self.requests = [_request(each) for each in deployed.cloud.authorizations()]

    def distinct(self) -> list[Request]:
        """One request of each kind."""
        return list({request.kind: request for request in self.requests}.values())

    def of(self, name: str) -> Iterator[Request]:
        """The requests of a role or user by its physical name."""
        return (request for request in self.requests if request.name == name)

    def name_of(self, policy: str) -> str:
        """Who has a policy of the template: a role's physical name, or Airflow's user."""
        return "airflow" if policy == "AirflowPolicy" else str(self._resources[policy])

    def document(self, policy: str) -> Document:
        """A role's or managed policy's document by its name in the template."""
        if policy == "AirflowPolicy":
            arn = self._resources[policy]
            version = self._iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
            got = self._iam.get_policy_version(PolicyArn=arn, VersionId=version)
            return dict(got["PolicyVersion"]["Document"])
        role = self._resources[policy]
        [name] = self._iam.list_role_policies(RoleName=role)["PolicyNames"]
        return dict(self._iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"])

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


def statement_allows(statement: Mapping[str, Any], request: Request) -> bool:
    """Whether one statement by itself allows a request."""
    document = {"Version": "2012-10-17", "Statement": [dict(statement)]}
    return allowed_by([document], request.principal, request.check)


def without(document: Document, sid: str) -> Document:
    """The document without one of its statements."""
    kept = [each for each in document["Statement"] if each.get("Sid") != sid]
    return document | {"Statement": kept}
