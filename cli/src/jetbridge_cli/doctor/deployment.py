"""The deployed stack that the checks look at."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

import botocore.session

from jetbridge_cli.aws import Aws, server_time
from jetbridge_cli.doctor.finding import if_there
from jetbridge_cli.problems import Problem
from jetbridge_cli.stack import Stack, attributes_of

FUNCTION = "AWS::Lambda::Function"
# The stack's own helper, which runs only at deployments.
NAMES = "NamesFunction"


@dataclass(frozen=True)
class Deployment:
    """One stack in one account and region. Every member may raise ClientError."""

    aws: Aws
    name: str
    # A role is checked once, even if several definitions use it.
    checked: set[object] = field(default_factory=set, compare=False)
    _configurations: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def stack(self) -> Stack:
        return Stack(self.aws, self.name)

    @cached_property
    def description(self) -> Mapping[str, Any]:
        """The stack in DescribeStacks' answer."""
        return dict(self.described["Stacks"][0])

    @cached_property
    def described(self) -> Mapping[str, Any]:
        self.stack.resources  # noqa: B018 - raises Problem where there is no such stack
        return dict(self.aws.cloudformation.describe_stacks(StackName=self.name))

    @cached_property
    def aws_time(self) -> float:
        """AWS's time when it described the stack, in epoch seconds."""
        return server_time(self.described)

    @cached_property
    def parameters(self) -> Mapping[str, str]:
        given = self.description.get("Parameters", [])
        return {each["ParameterKey"]: each.get("ParameterValue", "") for each in given}

    @cached_property
    def outputs(self) -> Mapping[str, str]:
        return {
            each["OutputKey"]: each["OutputValue"] for each in self.description.get("Outputs", [])
        }

    def listed(self, parameter: str) -> list[str]:
        """The members of a list parameter."""
        return [each.strip() for each in self.parameters.get(parameter, "").split(",") if each]

    def of(self, kind: str) -> Mapping[str, str]:
        """Physical ids of one type's resources by logical id."""
        return self.stack.resources.get(kind, {})

    def physical(self, kind: str, name: str) -> str:
        """The physical id of a resource. Raises Problem if the stack has no such resource."""
        try:
            return self.of(kind)[name]
        except KeyError:
            raise Problem(
                f"--stack: {self.name!r} has no {name}: is it a Jetbridge stack?"
            ) from None

    @cached_property
    def functions(self) -> Mapping[str, str]:
        """The functions that work on runs, by logical id."""
        return {name: value for name, value in self.of(FUNCTION).items() if name != NAMES}

    def configuration(self, name: str) -> Mapping[str, Any] | None:
        """GetFunctionConfiguration's answer for a function by its logical id. None if it is
        gone."""
        if name not in self._configurations:
            ask = self.aws.functions.get_function_configuration
            self._configurations[name] = if_there(partial(ask, FunctionName=self.functions[name]))
        found: Mapping[str, Any] | None = self._configurations[name]
        return found

    @cached_property
    def template(self) -> Mapping[str, Any]:
        """The stack's template after SAM's transform (API reference of GetTemplate,
        ``TemplateStage``)."""
        answer = self.aws.cloudformation.get_template(
            StackName=self.name, TemplateStage="Processed"
        )
        body: Any = answer["TemplateBody"]
        return dict(json.loads(body) if isinstance(body, str) else body)

    @cached_property
    def arn(self) -> list[str]:
        """The parts of the stack's ARN: arn, partition, cloudformation, region, account, …"""
        return str(self.description["StackId"]).split(":")

    def arn_of(self, service: str, resource: str, region: bool = True) -> str:
        _, partition, _, where, account, _ = self.arn[:6]
        return f"arn:{partition}:{service}:{where if region else ''}:{account}:{resource}"

    @cached_property
    def dns_suffix(self) -> str:
        """``amazonaws.com``, or the one of another partition (botocore's partitions.json)."""
        partitions = botocore.session.get_session().get_data("partitions")["partitions"]
        suffixes = {each["id"]: each["outputs"]["dnsSuffix"] for each in partitions}
        return str(suffixes[self.arn[1]])

    def principal_of(self, service: str) -> str:
        """A service's principal in the stack's region and partition, as the template writes it:
        ``logs.cn-north-1.amazonaws.com.cn``."""
        return f"{service}.{self.arn[3]}.{self.dns_suffix}"

    @cached_property
    def queues(self) -> Mapping[str, Mapping[str, str]]:
        """Each queue's attributes from GetQueueAttributes, by logical id. Without those that are
        gone."""
        found = {name: self._attributes(url) for name, url in self.of("AWS::SQS::Queue").items()}
        return {name: each for name, each in found.items() if each is not None}

    def has_log_group(self, name: str) -> bool:
        # The groups are sorted by name (API reference, DescribeLogGroups), so the exact name is on
        # the first page.
        answer = self.aws.logs.describe_log_groups(logGroupNamePrefix=name)
        return name in {each["logGroupName"] for each in answer["logGroups"]}

    def _attributes(self, url: str) -> dict[str, str] | None:
        answer = attributes_of(self.aws, url)
        if answer is None:
            return None
        return {str(key): value for key, value in answer["Attributes"].items()}

    def queue_of(self, arn: str) -> str:
        """A queue's logical id. Its name if the queue isn't the stack's."""
        found = [name for name, each in self.queues.items() if each["QueueArn"] == arn]
        return found[0] if found else arn.rpartition(":")[2]
