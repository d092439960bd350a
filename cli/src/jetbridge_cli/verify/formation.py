"""Makes, describes and removes stacks with CloudFormation."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from jetbridge_cli.aws import Aws
from jetbridge_cli.stack import is_no_stack
from jetbridge_cli.verify.names import TAG, Names
from jetbridge_cli.verify.patience import Patience

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import StackTypeDef

_MADE = "CREATE_COMPLETE"
_ONLY_A_CHANGE_SET = "REVIEW_IN_PROGRESS"
_BUSY = "_IN_PROGRESS"


class StackFailed(Exception):
    """CloudFormation could not create a stack. The text has its reasons."""


class Formation:
    """The stacks of one verification."""

    def __init__(self, aws: Aws, names: Names) -> None:
        self._client = aws.cloudformation
        self._names = names
        self._tags = {TAG: names.name}

    def make(self, stack: str, template: Path, parameters: Mapping[str, str]) -> str:
        """Begin to create a stack, and return its id."""
        return self._client.create_stack(
            StackName=stack,
            TemplateBody=template.read_text(),
            Parameters=[
                {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
            ],
            Capabilities=["CAPABILITY_IAM"],
            # Resources made before a failure stay, so that the failure can be examined. Removing
            # the stack removes them.
            OnFailure="DO_NOTHING",
            Tags=[{"Key": key, "Value": value} for key, value in self._tags.items()],
        )["StackId"]

    def made(self, stack: str, patience: Patience) -> dict[str, str]:
        """Wait until a stack is made, and return its outputs. Raises StackFailed, Late,
        Interrupted."""

        def settled() -> "StackTypeDef | None":
            found = self._client.describe_stacks(StackName=stack)["Stacks"][0]
            return None if found["StackStatus"].endswith(_BUSY) else found

        found = patience.until(settled, f"CloudFormation's end with the stack {stack}")
        if found["StackStatus"] != _MADE:
            raise StackFailed(f"{found['StackStatus']}: {self.failures(stack)}")
        outputs = found.get("Outputs", [])
        return {each.get("OutputKey", ""): each.get("OutputValue", "") for each in outputs}

    def failures(self, stack: str) -> str:
        """CloudFormation's reasons for the resources that it could not make."""
        pages = self._client.get_paginator("describe_stack_events").paginate(StackName=stack)
        reasons = [
            f"{event.get('LogicalResourceId')}: {event.get('ResourceStatusReason')}"
            for page in pages
            for event in page["StackEvents"]
            if event.get("ResourceStatus") == "CREATE_FAILED"
            and "cancelled" not in event.get("ResourceStatusReason", "")
        ]
        return "; ".join(reversed(reasons)) or "CloudFormation gives no reason"

    def living(self) -> "list[StackTypeDef]":
        """The verification's existing stacks, found by name and tag."""
        return [stack for stack in all_stacks(self._client) if self._is_own(stack)]

    def remove(self, stack_id: str) -> None:
        """Begin to remove a stack.

        CloudFormation stops making it if it isn't finished (API reference of DeleteStack). Call
        this again for resources that can't be removed yet.
        """
        self._client.delete_stack(StackName=stack_id)

    def status(self, stack_id: str) -> str:
        return self._client.describe_stacks(StackName=stack_id)["Stacks"][0]["StackStatus"]

    def resources(self, stack_id: str) -> list[tuple[str, str]]:
        """Type and physical id of each resource in the stack. Empty if there is no stack."""
        try:
            pages = self._client.get_paginator("list_stack_resources").paginate(StackName=stack_id)
            return [
                (each["ResourceType"], each.get("PhysicalResourceId", ""))
                for page in pages
                for each in page["StackResourceSummaries"]
                if each["ResourceStatus"] != "DELETE_COMPLETE"
            ]
        except ClientError as error:
            if not is_no_stack(error):
                raise
            return []

    def _is_own(self, stack: "StackTypeDef") -> bool:
        """CloudFormation may not know the tags of a stack that has only a change set."""
        tags = {tag["Key"]: tag["Value"] for tag in stack.get("Tags", [])}
        return stack["StackName"] in self._names.stacks and (
            self._tags.items() <= tags.items() or stack["StackStatus"] == _ONLY_A_CHANGE_SET
        )


def all_stacks(client: "CloudFormationClient") -> "Iterator[StackTypeDef]":
    """All stacks in the account and region that aren't deleted."""
    for page in client.get_paginator("describe_stacks").paginate():
        yield from page["Stacks"]
