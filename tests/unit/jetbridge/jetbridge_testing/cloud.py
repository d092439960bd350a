"""The functions on moto, with what the template deploys."""

import importlib.util
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from jetbridge.aws import clients
from jetbridge.runs.dynamodb import DynamoRuns
from jetbridge.wiring import backends, parts
from jetbridge_testing.backends import FakeBackend, FakeBatch, FakeEcs
from jetbridge_testing.clock import Clock
from jetbridge_testing.environment import ENVIRONMENT, Context, create_queues
from jetbridge_testing.outcomes import ReadDynamoOutcomes
from jetbridge_testing.tables import create_table
from jetbridge_testing.template import ROOT

FUNCTIONS = sorted(path.parent.name for path in (ROOT / "functions").glob("*/app.py"))
Handler = Any


class Cloud:
    """What the template deploys, as far as the functions touch it."""

    def __init__(self, fakes: dict[str, FakeBackend]) -> None:
        dynamodb = boto3.client("dynamodb")
        self.runs = DynamoRuns(dynamodb, create_table(dynamodb, "RunsTable"), 900)
        self.outcomes = ReadDynamoOutcomes(dynamodb, create_table(dynamodb, "OutcomesTable"))
        self.sqs = boto3.client("sqs")
        create_queues(self.sqs)
        self.s3 = boto3.client("s3", region_name="us-east-1")
        self.s3.create_bucket(Bucket="airflow-logs")
        self.secrets = boto3.client("secretsmanager")
        self.ecs, self.batch = fakes["ecs"], fakes["batch"]

    def messages(self, queue: str) -> list[dict[str, Any]]:
        url = ENVIRONMENT[f"JETBRIDGE_{queue.upper()}_QUEUE_URL"]
        received = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
        return [json.loads(message["Body"]) for message in received.get("Messages", [])]

    def dead_letters(self) -> list[Any]:
        url = ENVIRONMENT["JETBRIDGE_DEAD_LETTERS_URL"]
        received = self.sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        )
        return list(received.get("Messages", []))

    def log(self, group: str, stream: str, *lines: str) -> None:
        logs = boto3.client("logs")
        logs.create_log_group(logGroupName=group)
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
        now = int(datetime.now(UTC).timestamp() * 1000)
        events: Any = [{"timestamp": now, "message": line} for line in lines]
        logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)


def serving(patch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    """The cloud, while moto is on; the functions' settings and clients are its own."""
    for name, value in ENVIRONMENT.items():
        patch.setenv(name, value)
    clients.cached_client.cache_clear()
    parts.settings.cache_clear()
    fakes: dict[str, FakeBackend] = {"ecs": FakeEcs(Clock()), "batch": FakeBatch(Clock())}
    patch.setattr(backends, "EcsBackend", lambda client: fakes["ecs"])
    patch.setattr(backends, "BatchBackend", lambda client: fakes["batch"])
    yield Cloud(fakes)
    clients.cached_client.cache_clear()
    parts.settings.cache_clear()


def handler_of(function: str) -> Handler:
    path = ROOT / "functions" / function / "app.py"
    spec = importlib.util.spec_from_file_location(f"functions_{function}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module.handler


def call(function: str, event: dict[str, Any]) -> Any:
    answer = handler_of(function)(event, Context())
    json.dumps(answer)
    return answer
