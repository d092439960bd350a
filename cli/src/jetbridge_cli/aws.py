"""The AWS account that a command calls."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_batch import BatchClient
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ecs import ECSClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_mwaa import MWAAClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_scheduler import EventBridgeSchedulerClient
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sts import STSClient

_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 5},
    connect_timeout=5,
    read_timeout=25,
    user_agent_extra="jetbridge-cli",
    # jetbridge verify calls AWS from many threads.
    max_pool_connections=50,
)


@dataclass(frozen=True)
class Aws:
    """Clients for one account and region. Each is made when it is first needed.

    ``profile`` and ``region`` come from the AWS CLI's configuration. None takes its defaults.
    ``endpoint`` is the URL for all calls. None takes AWS's own, or ``AWS_ENDPOINT_URL``. Raises
    ProfileNotFound, NoRegionError.
    """

    profile: str | None = None
    region: str | None = None
    endpoint: str | None = None

    @cached_property
    def session(self) -> boto3.Session:
        return boto3.Session(profile_name=self.profile, region_name=self.region)

    @cached_property
    def batch(self) -> "BatchClient":
        return self.session.client("batch", config=_CONFIG, endpoint_url=self.endpoint)

    @cached_property
    def cloudformation(self) -> "CloudFormationClient":
        return self.session.client("cloudformation", config=_CONFIG, endpoint_url=self.endpoint)

    @cached_property
    def cloudwatch(self) -> "CloudWatchClient":
        return self.session.client("cloudwatch", config=_CONFIG, endpoint_url=self.endpoint)

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        return self.session.client("dynamodb", config=_CONFIG, endpoint_url=self.endpoint)

    @cached_property
    def ec2(self) -> "EC2Client":
        return self.session.client("ec2", config=_CONFIG, endpoint_url=self.endpoint)

    @cached_property
    def ecs(self) -> "ECSClient":
        return self.session.client("ecs", config=_CONFIG, endpoint_url=self.endpoint)

    @cached_property
    def events(self) -> "EventBridgeClient":
        return self.session.client("events", config=_CONFIG, endpoint_url=self.endpoint)

    @cached_property
    def functions(self) -> "LambdaClient":
        return self.session.client("lambda", config=_CONFIG, endpoint_url=self.endpoint)

    @cached_property
    def iam(self) -> "IAMClient":
        return self.session.client("iam", config=_CONFIG, endpoint_url=self.endpoint)

    @cached_property
    def kms(self) -> "KMSClient":
        return self.session.client("kms", config=_CONFIG, endpoint_url=self.endpoint)

    @cached_property
    def logs(self) -> "CloudWatchLogsClient":
        return self.session.client("logs", config=_CONFIG, endpoint_url=self.endpoint)

    def logs_in(self, region: str) -> "CloudWatchLogsClient":
        """``logs`` in a region: a definition's ``awslogs-region`` may name another one."""
        if region == self.logs.meta.region_name:
            return self.logs
        return self.session.client(
            "logs", region_name=region, config=_CONFIG, endpoint_url=self.endpoint
        )

    @cached_property
    def mwaa(self) -> "MWAAClient":
        # botocore would put "api." before the host of an endpoint of one's own.
        config = _CONFIG.merge(Config(inject_host_prefix=self.endpoint is None))
        return self.session.client("mwaa", config=config, endpoint_url=self.endpoint)

    @cached_property
    def s3(self) -> "S3Client":
        return self.session.client("s3", config=_CONFIG, endpoint_url=self.endpoint)

    @cached_property
    def secretsmanager(self) -> "SecretsManagerClient":
        return self.session.client("secretsmanager", config=_CONFIG, endpoint_url=self.endpoint)

    @cached_property
    def sts(self) -> "STSClient":
        return self.session.client("sts", config=_CONFIG, endpoint_url=self.endpoint)

    @cached_property
    def sqs(self) -> "SQSClient":
        return self.session.client("sqs", config=_CONFIG, endpoint_url=self.endpoint)

    @cached_property
    def scheduler(self) -> "EventBridgeSchedulerClient":
        return self.session.client("scheduler", config=_CONFIG, endpoint_url=self.endpoint)

    def prepare(self) -> None:
        """Make every client now, because several threads can't safely make clients at the same time
        (boto3 documentation, "Multithreading or multiprocessing with clients")."""
        for name, member in vars(type(self)).items():
            if isinstance(member, cached_property):
                getattr(self, name)


def server_time(answer: Mapping[str, Any]) -> float:
    """The time of AWS's answer, by AWS's clock, in whole epoch seconds."""
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    now = parsedate_to_datetime(headers["date"]) if "date" in headers else datetime.now(UTC)
    return float(int(now.timestamp()))
