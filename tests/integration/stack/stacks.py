"""Stacks of the product under any name and with any parameters, from one packaged template."""

import json
import time
from pathlib import Path
from typing import Any

from jetbridge_local.cloud import LocalCloud
from jetbridge_local.waiting import looks

BUCKET = "templates"


class StackFailed(Exception):
    """An operation ended otherwise than hoped; the text has each failed resource's reason."""


class Stacks:
    """``template`` is what `sam package` wrote."""

    def __init__(self, cloud: LocalCloud, template: Path, **parameters: str) -> None:
        self.cloud = cloud
        self.text = template.read_text()
        self._parameters = parameters
        self._formation = cloud.client("cloudformation")
        self._s3 = cloud.client("s3")
        self._s3.create_bucket(Bucket=BUCKET)

    def create(self, name: str, text: str | None = None, **parameters: str) -> dict[str, str]:
        """Make a stack; its outputs. Raises ClientError or StackFailed."""
        self._formation.create_stack(StackName=name, **self._request(text, parameters))
        return self._ended(name, "CREATE_COMPLETE")

    def update(self, name: str, text: str | None = None, **parameters: str) -> dict[str, str]:
        self._formation.update_stack(StackName=name, **self._request(text, parameters))
        return self._ended(name, "UPDATE_COMPLETE")

    def delete(self, name: str) -> None:
        stack_id = self._formation.describe_stacks(StackName=name)["Stacks"][0]["StackId"]
        self._formation.delete_stack(StackName=name)
        self._ended(stack_id, "DELETE_COMPLETE")

    def names(self) -> set[str]:
        return {stack["StackName"] for stack in self._formation.describe_stacks()["Stacks"]}

    def parameters(self, name: str) -> list[dict[str, str]]:
        [stack] = self._formation.describe_stacks(StackName=name)["Stacks"]
        return list(stack["Parameters"])

    def resources(self, name: str, kind: str = "") -> dict[str, str]:
        """Physical ids by logical id."""
        pages = self._formation.get_paginator("list_stack_resources").paginate(StackName=name)
        return {
            each["LogicalResourceId"]: each["PhysicalResourceId"]
            for page in pages
            for each in page["StackResourceSummaries"]
            if not kind or each["ResourceType"] == kind
        }

    def invoke(self, function: str, request: dict[str, Any]) -> dict[str, Any]:
        answer = self.cloud.client("lambda").invoke(
            FunctionName=function, Payload=json.dumps(request)
        )
        payload: dict[str, Any] = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, payload
        return payload

    def _request(self, text: str | None, parameters: dict[str, str]) -> dict[str, Any]:
        key = f"{time.time()}.yaml"
        self._s3.put_object(Bucket=BUCKET, Key=key, Body=(text or self.text).encode())
        return {
            "TemplateURL": f"{self.cloud.url}/{BUCKET}/{key}",
            "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
            "Parameters": [
                {"ParameterKey": key, "ParameterValue": value}
                for key, value in (self._parameters | parameters).items()
            ],
        }

    def _ended(self, name: str, wanted: str) -> dict[str, str]:
        for _ in looks(120):
            [stack] = self._formation.describe_stacks(StackName=name)["Stacks"]
            if not stack["StackStatus"].endswith("_IN_PROGRESS"):
                break
        if stack["StackStatus"] != wanted:
            events = self._formation.describe_stack_events(StackName=name)["StackEvents"]
            failed = [each for each in events if each["ResourceStatus"].endswith("_FAILED")]
            reasons = [
                f"{each['LogicalResourceId']}: {each.get('ResourceStatusReason')}"
                for each in failed
            ]
            raise StackFailed(f"{name} is {stack['StackStatus']}: {reasons}")
        outputs = stack.get("Outputs", [])
        return {each["OutputKey"]: each["OutputValue"] for each in outputs}
