"""What waits in the queues, and what was given up."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from jetbridge_cli.doctor.deployment import Deployment
from jetbridge_cli.doctor.finding import Finding, Result
from jetbridge_cli.writing import counted, duration

# A launch may wait longer for its turn; then LaunchWaitAlarm tells of it.
OLD_SECONDS = 900


def dead_letters(deployment: Deployment) -> Iterator[Result]:
    """No dead-letter queue holds anything."""
    for queue in deployment.stack.dead_letter_queues:
        held = queue.messages + queue.in_flight
        if held:
            yield Finding(
                check="dead letters",
                subject=queue.name,
                problem=f"{counted(held, 'message')} of {queue.destination.name} were given up.",
                fix=f"jetbridge dead-letters show --queue {queue.name}, remove the cause, then "
                f"jetbridge replay {queue.name}.",
                section=f"{queue.name.lower()}alarm",
            )


def ages(deployment: Deployment) -> Iterator[Result]:
    """No message has been waiting in a queue of work for over a quarter of an hour, by SQS's own
    metric."""
    dead = {queue.name for queue in deployment.stack.dead_letter_queues}
    names = [name for name in deployment.queues if name not in dead]
    arns = [deployment.queues[name]["QueueArn"] for name in names]
    now = datetime.now(UTC)
    answer = deployment.aws.cloudwatch.get_metric_data(
        MetricDataQueries=[
            _query(f"q{number}", arn.rpartition(":")[2]) for number, arn in enumerate(arns)
        ],
        StartTime=now - timedelta(minutes=15),
        EndTime=now,
        ScanBy="TimestampDescending",
    )
    for result in answer["MetricDataResults"]:
        if result["Values"] and result["Values"][0] > OLD_SECONDS:
            name = names[int(result["Id"][1:])]
            yield Finding(
                check="queues",
                subject=name,
                problem=f"its oldest message has waited for {duration(result['Values'][0])}, and "
                f"{deployment.queues[name]['ApproximateNumberOfMessages']} wait.",
                fix="Look at its function's log and throttles: the messages fail, or the function "
                "isn't invoked.",
                section="launchqueueagealarm" if name == "LaunchQueue" else "queues",
            )


def _query(name: str, queue: str) -> Any:
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
