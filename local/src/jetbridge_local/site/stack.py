"""Jetbridge's stack as it was deployed to a local cloud."""

from collections.abc import Callable
from functools import cached_property, partial
from typing import Any

from jetbridge_local.cloud import LocalCloud
from jetbridge_local.site.paths import in_repository

_MESSAGES = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


class Stack:
    """Finds the stack's resources and calls their services."""

    def __init__(self, name: str, cloud: LocalCloud, caller: str = "benchmark") -> None:
        """``caller`` calls AWS where no other caller is named: an administrator of the cloud."""
        self.name = name
        self.cloud = cloud
        self._caller = caller
        self._clients: dict[tuple[str, str], Any] = {}

    def client(self, service: str, caller: str | None = None) -> Any:
        """The boto3 client of a service on the local cloud; one for all threads.

        ``caller`` is an administrator, or an IAM user by its name.
        """
        key = service, caller or self._caller
        if key not in self._clients:
            self._clients[key] = self.cloud.client(*key, max_pool_connections=50)
        return self._clients[key]

    @cached_property
    def outputs(self) -> dict[str, str]:
        """The stack's outputs by their names."""
        [stack] = self.client("cloudformation").describe_stacks(StackName=self.name)["Stacks"]
        return {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}

    def queue(self, name: str) -> str:
        """The address of a queue of the template."""
        return self.resources[name][1]

    @cached_property
    def resources(self) -> dict[str, tuple[str, str]]:
        """Type and physical id by logical id."""
        pages = self.client("cloudformation").get_paginator("list_stack_resources")
        return {
            each["LogicalResourceId"]: (each["ResourceType"], each["PhysicalResourceId"])
            for page in pages.paginate(StackName=self.name)
            for each in page["StackResourceSummaries"]
        }

    @cached_property
    def functions(self) -> dict[str, str]:
        """Lambda's function names by the names of their folders in ``functions/``; without the
        one that only CloudFormation calls, whose code is in the template."""
        folders = {path.name for path in (in_repository().root / "functions").iterdir()}
        names = {
            physical.removeprefix(f"{self.name}-").replace("-", "_"): physical
            for kind, physical in self.resources.values()
            if kind == "AWS::Lambda::Function"
        }
        return {folder: names[folder] for folder in sorted(names) if folder in folders}

    def hold_back(self, queue: str) -> Callable[[], None]:
        """Let the messages of a queue of the template wait: remove its event source mapping.
        Calling what is returned restores it."""
        functions = self.client("lambda")
        name = self.queue(queue).rsplit("/", 1)[-1]
        held = [
            mapping["UUID"]
            for page in functions.get_paginator("list_event_source_mappings").paginate()
            for mapping in page["EventSourceMappings"]
            if mapping["EventSourceArn"].endswith(f":{name}")
        ]

        def switch(enabled: bool) -> None:
            for mapping in held:
                functions.update_event_source_mapping(UUID=mapping, Enabled=enabled)

        switch(False)
        return partial(switch, True)

    def waiting(self, queue: str) -> int:
        """How many messages a queue of the template has, also hidden and delayed ones."""
        url = self.queue(queue)
        answer = self.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=[*_MESSAGES])
        return sum(int(answer["Attributes"][name]) for name in _MESSAGES)

    def quieten(self) -> None:
        """Remove what makes functions run by themselves: event source mappings and schedules."""
        functions, scheduler = self.client("lambda"), self.client("scheduler")
        for page in functions.get_paginator("list_event_source_mappings").paginate():
            for mapping in page["EventSourceMappings"]:
                functions.delete_event_source_mapping(UUID=mapping["UUID"])
        for page in scheduler.get_paginator("list_schedules").paginate():
            for schedule in page["Schedules"]:
                scheduler.delete_schedule(Name=schedule["Name"], GroupName=schedule["GroupName"])
