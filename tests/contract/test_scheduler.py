"""EventBridge Scheduler: schedules fire and invoke their targets."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError
from probe_aws import Aws


def test_rate_fires_at_once_with_context_attributes(aws: Aws, stack: dict[str, str]) -> None:
    [message, *_] = aws.receive(stack["ScheduleQueue"], bool)
    assert message["schedule"].endswith(f":schedule/{stack['ScheduleGroup']}/{stack['Schedule']}")
    planned = datetime.strptime(message["time"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    created = aws.client("scheduler").get_schedule(
        Name=stack["Schedule"], GroupName=stack["ScheduleGroup"]
    )["CreationDate"]
    assert abs(planned - created) < timedelta(seconds=2)
    assert len(message["execution"]) == 16
    assert message["attempt"] == "1"


def test_one_time_schedule_fires_once_in_its_zone_and_goes(aws: Aws, stack: dict[str, str]) -> None:
    scheduler, sqs = aws.client("scheduler"), aws.client("sqs")
    queue = sqs.create_queue(QueueName="one-time")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    at = datetime.now(UTC) + timedelta(seconds=2)
    scheduler.create_schedule(
        Name="once",
        ScheduleExpression=f"at({at + timedelta(hours=9):%Y-%m-%dT%H:%M:%S})",
        ScheduleExpressionTimezone="Asia/Tokyo",
        FlexibleTimeWindow={"Mode": "OFF"},
        ActionAfterCompletion="DELETE",
        Target={
            "Arn": arn["QueueArn"],
            "RoleArn": aws.role(),
            "Input": json.dumps({"time": "<aws.scheduler.scheduled-time>"}),
        },
    )
    [message] = aws.receive(queue, bool)
    assert message == {"time": f"{at:%Y-%m-%dT%H:%M:%SZ}"}
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        scheduler.get_schedule(Name="once")
