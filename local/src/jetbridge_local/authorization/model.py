"""The question, the caller and the decision."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

ContextValue = str | tuple[str, ...]
"""A condition key's value; a tuple, if AWS says that the key has several."""


@dataclass(frozen=True)
class Check:
    """One question to IAM: may this action be taken on this resource?

    Attributes:
        action: as policies spell it, ``sqs:SendMessage``.
        resource: an ARN, or ``*`` for an action that can't be limited to resources.
        context: condition keys, as AWS spells them, with the request's values; those that every
            request has (``aws:PrincipalArn`` and others) are the evaluator's.
    """

    action: str
    resource: str
    context: Mapping[str, ContextValue] = field(default_factory=dict)


@dataclass(frozen=True)
class Place:
    """The account and region that a request is made in."""

    account: str
    region: str
    partition: str = "aws"

    def arn(self, service: str, resource: str) -> str:
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"


@dataclass(frozen=True)
class Call:
    """An API call: the operation by its name in AWS's models, and its parameters.

    ``headers`` have names in lower case.
    """

    service: str
    operation: str
    parameters: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)


class Facts(Protocol):
    """Facts that a request doesn't contain and AWS knows."""

    def partition_key(self, table: str, index: str | None) -> str | None:
        """The name of a table's or index's partition key; None if there is no such table."""

    def task_definition(self, reference: str) -> Mapping[str, Any] | None:
        """An ECS task definition as DescribeTaskDefinition answers it; None if there is none."""

    def job_definition_arn(self, reference: str) -> str | None:
        """The ARN, with its revision, of the Batch job definition that SubmitJob would take."""

    def secret_arn(self, reference: str) -> str | None:
        """A secret's ARN by its name or ARN."""

    def stack_arn(self, reference: str) -> str | None:
        """A CloudFormation stack's ARN by its name or ARN."""

    def has_object(self, bucket: str, key: str) -> bool:
        """Whether there is such an object in S3."""

    def kms_key(self, resource: str) -> str | None:
        """The ARN of the customer's key that a bucket, secret or log group is encrypted with, if it
        is."""


@dataclass(frozen=True)
class Caller:
    """Who signed a request.

    Attributes:
        arn: of the user or of the role's session, as denials name it.
        unlimited: whether it is an administrator, who is asked nothing.
        handle: the evaluator's own.
    """

    arn: str
    unlimited: bool = False
    handle: Any = field(default=None, compare=False, repr=False)


class Unknown(Exception):
    """No user or role has the access key. ``code`` is AWS's, as is the text."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Decision:
    """``message`` is AWS's own text of a denial; empty, if it is allowed."""

    allowed: bool
    message: str = ""


class Identities(Protocol):
    """Users and roles with their policies, and those of resources."""

    def caller(self, access_key: str) -> Caller:
        """Raises Unknown."""

    def decide(self, caller: Caller, check: Check) -> Decision:
        """By the caller's policies and boundary, and the resource's policy."""

    def refuse(
        self, service: str, headers: Mapping[str, str], code: str, message: str
    ) -> tuple[int, dict[str, str], bytes]:
        """An error as the service answers it in the request's protocol."""
