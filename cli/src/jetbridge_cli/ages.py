"""The age of the oldest message in a queue."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from jetbridge_cli.finding import first
from jetbridge_cli.receiving import BATCH
from jetbridge_cli.stack import DeadLetterQueue, holding
from jetbridge_cli.writing import duration

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.type_defs import MetricDataQueryTypeDef

    from jetbridge_cli.aws import Aws

# SQS measures the age each minute, and CloudWatch has the figure a few minutes later.
_LOOK_BACK = timedelta(minutes=15)


@dataclass(frozen=True)
class Age:
    """``seconds`` since the oldest message came. If not ``exact``, it is at least that old."""

    seconds: float
    exact: bool

    def __str__(self) -> str:
        return duration(self.seconds) if self.exact else f"over {duration(self.seconds)}"


def oldest(aws: "Aws", queues: Sequence[DeadLetterQueue]) -> dict[str, Age]:
    """The age of the oldest message by the queue's name. Empty queues are left out.

    The age comes from SQS's metric ``ApproximateAgeOfOldestMessage``. If CloudWatch has no figure
    yet or can't be read, the oldest of the first ten messages gives a minimum.
    """
    filled = holding(queues)
    ages = {name: Age(seconds, exact=True) for name, seconds in _measured(aws, filled).items()}
    for queue in filled:
        if queue.name in ages:
            continue
        messages = first(aws.sqs, [queue], BATCH)
        if messages:
            sent = messages[0][1].sent_at
            ages[queue.name] = Age(max(0.0, queue.asked_at - sent), exact=False)
    return ages


def measured(aws: "Aws", queues: Collection[str]) -> Mapping[str, float]:
    """The age of the oldest message in seconds, from SQS's metric, by the queue's own name.

    Queues without messages or without a figure are left out.

    Raises:
        ClientError: IAM denies reading CloudWatch.
    """
    if not queues:
        return {}
    by_query = {f"q{number}": queue for number, queue in enumerate(queues)}
    now = datetime.now(UTC)
    answer = aws.cloudwatch.get_metric_data(
        MetricDataQueries=[_query(name, queue) for name, queue in by_query.items()],
        StartTime=now - _LOOK_BACK,
        EndTime=now,
        ScanBy="TimestampDescending",
    )
    return {
        by_query[result["Id"]]: result["Values"][0]
        for result in answer["MetricDataResults"]
        if result.get("Values") and result["Values"][0] > 0
    }


def _measured(aws: "Aws", queues: Sequence[DeadLetterQueue]) -> Mapping[str, float]:
    names = {queue.queue_name: queue.name for queue in queues}
    try:
        return {names[each]: seconds for each, seconds in measured(aws, names).items()}
    except ClientError:
        return {}


def _query(name: str, queue: str) -> "MetricDataQueryTypeDef":
    return {
        "Id": name,
        "MetricStat": {
            "Metric": {
                "Namespace": "AWS/SQS",
                "MetricName": "ApproximateAgeOfOldestMessage",
                "Dimensions": [{"Name": "QueueName", "Value": queue}],
            },
            "Period": 60,
            "Stat": "Maximum",
        },
    }
