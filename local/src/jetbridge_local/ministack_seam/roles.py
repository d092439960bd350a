"""What AWS's services do with the roles that they are given.

Lambda assumes a function's role for the function itself, for its poller of queues, for its log and
for the destinations of asynchronous invocations; EventBridge Scheduler assumes a schedule's.
Sources: AWS Lambda developer guide, "Defining Lambda function permissions with an execution role"
and "Capturing records of Lambda asynchronous invocations"; EventBridge Scheduler user guide,
"Setting up the execution role".
"""

import logging
import time
from collections.abc import Mapping
from typing import Any

from jetbridge_local.authorization.model import Caller, Check, ContextValue, Place
from jetbridge_local.authorization.verdicts import VerdictLog
from jetbridge_local.functions import Credentials

from .identities import Identities, Session

logger = logging.getLogger(__name__)

ACCESS_DENIED = "AccessDeniedException"
LAMBDA = "lambda.amazonaws.com"
SCHEDULER = "scheduler.amazonaws.com"


class NotPermitted(Exception):
    """A role doesn't allow what a service needs to do by it."""


class RoleNotAssumed(NotPermitted):
    """There is no such role, or it doesn't trust the service."""

    def __init__(self, role_arn: str, service: str) -> None:
        super().__init__(f"{service} is not able to assume the role {role_arn}")


class Roles:
    """Roles as services use them. Decisions go into the log of verdicts, as requests' do."""

    def __init__(self, identities: Identities, verdicts: VerdictLog, place: Place) -> None:
        self._identities = identities
        self._verdicts = verdicts
        self._place = place

    def of_function(self, role_arn: str, function: str) -> Credentials:
        """What the function gets. Raises RoleNotAssumed."""
        session = self._session(role_arn, function, LAMBDA)
        return Credentials(
            access_key_id=session.access_key_id,
            secret_access_key=session.secret_access_key,
            session_token=session.token,
        )

    def check_network(self, role_arn: str, function: str, vpc: Mapping[str, Any]) -> None:
        """What Lambda asks EC2 for by the role of a function in a VPC (AWS Lambda developer guide,
        "Giving Lambda functions access to resources in an Amazon VPC"). An interface's removal has
        to be allowed for all resource ids, ``arn:aws:ec2:<region>:<account>:*/*`` (the same guide,
        "Configuring a Lambda function to access resources in a VPC"; that network-interface/* is
        too little: hashicorp/terraform-provider-aws#20698). Raises NotPermitted."""
        interfaces = self._place.arn("ec2", "network-interface/*")
        subnets = [self._place.arn("ec2", f"subnet/{each}") for each in vpc["SubnetIds"]]
        groups = [
            self._place.arn("ec2", f"security-group/{each}")
            for each in vpc.get("SecurityGroupIds") or ()
        ]
        asked = {
            "CreateNetworkInterface": [interfaces, *subnets, *groups],
            "DeleteNetworkInterface": [self._place.arn("ec2", "*/*")],
            "AssignPrivateIpAddresses": [interfaces],
            "UnassignPrivateIpAddresses": [interfaces],
            "DescribeNetworkInterfaces": ["*"],
            "DescribeSubnets": ["*"],
        }
        for action, resources in asked.items():
            for resource in resources:
                if self.refusal(LAMBDA, role_arn, function, f"ec2:{action}", resource):
                    raise NotPermitted(
                        "The provided execution role does not have permissions to call"
                        f" {action} on EC2"
                    )

    def may_log(self, role_arn: str, function: str, group: str) -> bool:
        """Whether Lambda may write the function's log; asked for a stream of today."""
        day = time.strftime("%Y/%m/%d", time.gmtime())
        stream = self._place.arn("logs", f"log-group:{group}:log-stream:{day}/[$LATEST]")
        actions = ("logs:CreateLogStream", "logs:PutLogEvents")
        return not any(
            self.refusal(LAMBDA, role_arn, function, action, stream) for action in actions
        )

    def may_make_group(self, role_arn: str, function: str, group: str) -> bool:
        """Whether Lambda may make the function's log group, where there is none."""
        arn = self._place.arn("logs", f"log-group:{group}")
        return not self.refusal(LAMBDA, role_arn, function, "logs:CreateLogGroup", arn)

    def refusal(
        self,
        service: str,
        role_arn: str,
        name: str,
        action: str,
        resource: str,
        context: Mapping[str, ContextValue] | None = None,
    ) -> str:
        """Why a service may not do something by a role; empty, if it may.

        ``name`` is the session's, which for Lambda is the function's.
        """
        try:
            session = self._session(role_arn, name, service)
        except RoleNotAssumed as error:
            return str(error)
        check = Check(action, resource, context or {})
        caller = self._identities.caller(session.access_key_id)
        return self._decided(caller, check)

    def lets_in(self, service: str, action: str, resource: str, source_arn: str) -> bool:
        """Whether a resource's policy lets a service in, on behalf of something of this account."""
        source = {"aws:SourceArn": source_arn, "aws:SourceAccount": self._place.account}
        check = Check(action, resource, source)
        policy = self._identities.resource_policy(resource)
        allowed = self._identities.service_may(service, policy, check)
        self._verdicts.add(service, check, allowed)
        return allowed

    def _session(self, role_arn: str, name: str, service: str) -> Session:
        session = self._identities.session(role_arn, name, service)
        if session is None:
            raise RoleNotAssumed(role_arn, service)
        return session

    def _decided(self, caller: Caller, check: Check) -> str:
        decision = self._identities.decide(caller, check)
        self._verdicts.add(caller.arn, check, decision.allowed, decision.message)
        return decision.message
