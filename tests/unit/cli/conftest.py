"""AWS is moto's; nothing here reaches the network."""

import json
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

# pytest's import mode "importlib" leaves test folders off the path.
sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(1, str(Path(__file__).parents[1] / "jetbridge"))

import pytest
import typer.testing
from cli_stack import STACK, TEMPLATE, Bridge, client
from moto import mock_aws
from typer.main import get_command

from jetbridge_cli import receiving

# Without it, each call of the command builds all of its subcommands and options again.
typer.testing._get_command = cache(get_command)  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "JETBRIDGE_STACK"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setattr(receiving, "WAIT_SECONDS", 0)


@pytest.fixture
def aws() -> Iterator[None]:
    with mock_aws(config={"lambda": {"use_docker": False}}):
        yield


@pytest.fixture
def bridge(aws: None) -> Bridge:
    cloudformation = client("cloudformation")
    cloudformation.create_stack(StackName=STACK, TemplateBody=json.dumps(TEMPLATE))
    resources = cloudformation.describe_stack_resources(StackName=STACK)["StackResources"]
    queues = {
        each["LogicalResourceId"]: each["PhysicalResourceId"]
        for each in resources
        if each["ResourceType"] == "AWS::SQS::Queue"
    }
    failures = client("sqs").get_queue_attributes(
        QueueUrl=queues["StartFailures"], AttributeNames=["QueueArn"]
    )["Attributes"]["QueueArn"]
    client("lambda").put_function_event_invoke_config(
        FunctionName=f"{STACK}-start-run",
        DestinationConfig={"OnFailure": {"Destination": failures}},
    )
    tables = {
        each["LogicalResourceId"]: each["PhysicalResourceId"]
        for each in resources
        if each["ResourceType"] == "AWS::DynamoDB::Table"
    }
    return Bridge(queues, tables)
