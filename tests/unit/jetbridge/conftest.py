"""AWS is moto's, with the tables of template.yaml; nothing here reaches the network."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# pytest's import mode "importlib" leaves test folders off the path.
sys.path.insert(0, str(Path(__file__).parent))

import boto3
import pytest
from jetbridge_testing.clock import Clock
from jetbridge_testing.memory import MemoryOutcomes, MemoryRuns
from jetbridge_testing.outcomes import OutcomesItems, ReadDynamoOutcomes
from jetbridge_testing.tables import create_table
from moto import mock_aws

from jetbridge.runs.dynamodb import DynamoRuns
from jetbridge.runs.port import Runs

os.environ |= {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_REGION": "eu-central-1",
    "POWERTOOLS_SERVICE_NAME": "jetbridge",
    "POWERTOOLS_METRICS_NAMESPACE": "Jetbridge",
}
for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
    os.environ.pop(name, None)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def aws() -> Iterator[None]:
    # boto3's own session stays, with the models that it has read.
    with mock_aws(config={"core": {"reset_boto3_session": False}}):
        yield


@pytest.fixture
def dynamodb(aws: None) -> Any:
    return boto3.client("dynamodb")


@pytest.fixture
def dynamo_runs(dynamodb: Any, clock: Clock) -> Runs:
    return DynamoRuns(dynamodb, create_table(dynamodb, "RunsTable"), 900, clock=clock)


@pytest.fixture(params=["memory", "dynamodb"])
def runs(request: pytest.FixtureRequest, clock: Clock) -> Runs:
    """The port's behaviour must be the same on both."""
    if request.param == "memory":
        return MemoryRuns(900, clock)
    made: Runs = request.getfixturevalue("dynamo_runs")
    return made


@pytest.fixture(params=["memory", "dynamodb"])
def outcomes(request: pytest.FixtureRequest) -> OutcomesItems:
    if request.param == "memory":
        return MemoryOutcomes()
    client = request.getfixturevalue("dynamodb")
    return ReadDynamoOutcomes(client, create_table(client, "OutcomesTable"))
