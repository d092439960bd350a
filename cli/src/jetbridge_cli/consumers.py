"""Finds which function failed on a message, and where its log is."""

from dataclasses import dataclass

from jetbridge_cli.aws import Aws
from jetbridge_cli.destinations import FunctionDestination, QueueDestination
from jetbridge_cli.stack import DeadLetterQueue


@dataclass(frozen=True)
class Consumer:
    """A function that receives a queue's messages, or is invoked with them."""

    name: str
    log_group: str


def consumer_of(aws: Aws, queue: DeadLetterQueue) -> Consumer | None:
    """The function whose messages a dead-letter queue gets. None if there is no function."""
    destination = queue.destination
    if isinstance(destination, FunctionDestination):
        return _function(aws, destination.function_name)
    if not isinstance(destination, QueueDestination):
        return None
    attributes = aws.sqs.get_queue_attributes(
        QueueUrl=destination.url, AttributeNames=["QueueArn"]
    )["Attributes"]
    mappings = aws.functions.list_event_source_mappings(EventSourceArn=attributes["QueueArn"])
    for mapping in mappings["EventSourceMappings"]:
        return _function(aws, mapping["FunctionArn"])
    return None


def _function(aws: Aws, name: str) -> Consumer:
    configuration = aws.functions.get_function_configuration(FunctionName=name)
    own_name = configuration["FunctionName"]
    group = configuration.get("LoggingConfig", {}).get("LogGroup")
    return Consumer(own_name, group or f"/aws/lambda/{own_name}")
