"""Checks the messages in the queues and the dead-letter queues."""

from collections.abc import Iterator

from jetbridge_cli.ages import measured
from jetbridge_cli.doctor.deployment import Deployment
from jetbridge_cli.doctor.finding import Finding, Result
from jetbridge_cli.writing import counted, duration

# A launch may wait longer for its turn. LaunchWaitAlarm watches that.
OLD_SECONDS = 900


def dead_letters(deployment: Deployment) -> Iterator[Result]:
    """All dead-letter queues are empty."""
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
    """Each queue exists. No message in a work queue is older than a quarter of an hour, by SQS's
    own metric."""
    for name, url in deployment.of("AWS::SQS::Queue").items():
        if name not in deployment.queues:
            yield Finding(
                check="queues",
                subject=name,
                problem=f"the queue {url.rpartition('/')[2]} is gone.",
                fix="Create it again under its name with its attributes in template.yaml (aws sqs "
                "create-queue), or delete the stack and deploy it again.",
                section="queues",
            )
    dead = {queue.name for queue in deployment.stack.dead_letter_queues}
    by_own_name = {
        queue["QueueArn"].rpartition(":")[2]: name
        for name, queue in deployment.queues.items()
        if name not in dead
    }
    for own_name, seconds in measured(deployment.aws, by_own_name).items():
        if seconds > OLD_SECONDS:
            name = by_own_name[own_name]
            yield Finding(
                check="queues",
                subject=name,
                problem=f"its oldest message has waited for {duration(seconds)}, and "
                f"{deployment.queues[name]['ApproximateNumberOfMessages']} wait.",
                fix="Look at its function's log and throttles: the messages fail, or the function "
                "isn't invoked.",
                section="launchqueueagealarm" if name == "LaunchQueue" else "queues",
            )
