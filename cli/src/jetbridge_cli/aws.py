"""The AWS account that a command speaks to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sqs import SQSClient

_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 5},
    connect_timeout=5,
    read_timeout=25,
    user_agent_extra="jetbridge-cli",
)


@dataclass(frozen=True)
class Aws:
    """Clients of one account and region, each made when it is needed first.

    ``profile`` and ``region`` are those of the AWS CLI's configuration; None: its defaults.
    Raises ProfileNotFound, NoRegionError.
    """

    profile: str | None = None
    region: str | None = None

    @cached_property
    def session(self) -> boto3.Session:
        return boto3.Session(profile_name=self.profile, region_name=self.region)

    @cached_property
    def cloudformation(self) -> "CloudFormationClient":
        return self.session.client("cloudformation", config=_CONFIG)

    @cached_property
    def cloudwatch(self) -> "CloudWatchClient":
        return self.session.client("cloudwatch", config=_CONFIG)

    @cached_property
    def events(self) -> "EventBridgeClient":
        return self.session.client("events", config=_CONFIG)

    @cached_property
    def functions(self) -> "LambdaClient":
        return self.session.client("lambda", config=_CONFIG)

    @cached_property
    def sqs(self) -> "SQSClient":
        return self.session.client("sqs", config=_CONFIG)


def server_time(answer: Mapping[str, Any]) -> float:
    """When AWS gave an answer, by its own clock: epoch seconds, whole."""
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    now = parsedate_to_datetime(headers["date"]) if "date" in headers else datetime.now(UTC)
    return float(int(now.timestamp()))
