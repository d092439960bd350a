"""Finds the dead-letter queues of a deployed stack, and where their messages come from.

It doesn't need the template, because each source names its dead-letter queue: a queue in its
redrive policy, a function in the configuration of its asynchronous invocations, and a rule in the
dead-letter configurations of its targets.
"""

import difflib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from jetbridge_cli.aws import Aws, server_time
from jetbridge_cli.destinations import Destination, FunctionDestination, QueueDestination
from jetbridge_cli.problems import DENIED, Problem, in_words

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import GetQueueAttributesResultTypeDef

_QUEUE = "AWS::SQS::Queue"
_FUNCTION = "AWS::Lambda::Function"
_RULE = "AWS::Events::Rule"
# After an update, the list still has the removed resources.
_GONE = ("DELETE_COMPLETE", "CREATE_FAILED")

# Amazon SQS API reference, GetQueueAttributes, and the code's older spelling.
_NO_QUEUE = ("QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue")

_Source = tuple[str, Destination]


@dataclass(frozen=True, kw_only=True)
class DeadLetterQueue:
    """A dead-letter queue.

    Attributes:
        name: its logical id in the stack's template.
        destination: where its messages go back to.
        messages, in_flight: SQS's counts of visible and of received messages. Both are approximate,
            and up to a minute old.
        asked_at: when SQS gave the counts, by SQS's clock, in whole epoch seconds.
    """

    name: str
    url: str
    arn: str
    destination: Destination
    messages: int
    in_flight: int
    asked_at: float

    @property
    def queue_name(self) -> str:
        return self.arn.rsplit(":", 1)[-1]


@dataclass(frozen=True)
class _Queue:
    name: str
    url: str
    arn: str
    redrives_to: str | None
    messages: int
    in_flight: int
    asked_at: float


@dataclass(frozen=True)
class Stack:
    """A stack that ``sam deploy`` deployed."""

    aws: Aws
    name: str

    @cached_property
    def resources(self) -> Mapping[str, Mapping[str, str]]:
        """Physical ids by type and logical id. Raises Problem if there is no such stack."""
        pages = self.aws.cloudformation.get_paginator("list_stack_resources")
        by_type: dict[str, dict[str, str]] = {}
        try:
            for page in pages.paginate(StackName=self.name):
                for each in page["StackResourceSummaries"]:
                    if each["ResourceStatus"] in _GONE:
                        continue
                    of_type = by_type.setdefault(each["ResourceType"], {})
                    of_type[each["LogicalResourceId"]] = each.get("PhysicalResourceId", "")
        except ClientError as error:
            if error.response["Error"]["Code"] in DENIED:
                raise Problem(
                    f"{in_words(error)}; if the permission is for another stack, name it with "
                    "--stack"
                ) from error
            if not is_no_stack(error):
                raise
            region = self.aws.cloudformation.meta.region_name
            raise Problem(
                f"--stack: there is no stack {self.name!r} in {region}: is it another region "
                "(--region) or account (--profile)?"
            ) from error
        return by_type

    @cached_property
    def dead_letter_queues(self) -> list[DeadLetterQueue]:
        """All dead-letter queues by name. Raises Problem if there are none."""
        asked = [self._queue(name, url) for name, url in self._of(_QUEUE).items()]
        queues = [queue for queue in asked if queue is not None]
        sources = _by_queue(self._sources(queues))
        found = [
            DeadLetterQueue(
                name=queue.name,
                url=queue.url,
                arn=queue.arn,
                destination=sources[queue.arn],
                messages=queue.messages,
                in_flight=queue.in_flight,
                asked_at=queue.asked_at,
            )
            for queue in queues
            if queue.arn in sources
        ]
        if not found:
            raise Problem(
                f"--stack: {self.name!r} has no dead-letter queues: is it a Jetbridge stack?"
            )
        return sorted(found, key=lambda queue: queue.name)

    def named(self, names: Sequence[str]) -> list[DeadLetterQueue]:
        """The queues with these logical ids or SQS names, in upper or lower case. All queues if no
        name is given.

        Raises Problem for an unknown name, and suggests a similar one.
        """
        queues = self.dead_letter_queues
        if not names:
            return queues
        by_name = {queue.queue_name.lower(): queue for queue in queues}
        by_name |= {queue.name.lower(): queue for queue in queues}
        chosen = {}
        for name in names:
            queue = by_name.get(name.lower())
            if queue is None:
                raise Problem(_unknown(name, [queue.name for queue in queues]))
            chosen[queue.name] = queue
        return list(chosen.values())

    def _of(self, kind: str) -> Mapping[str, str]:
        return self.resources.get(kind, {})

    def _queue(self, name: str, url: str) -> _Queue | None:
        answer = attributes_of(self.aws, url)
        if answer is None:
            return None
        attributes = {str(key): value for key, value in answer["Attributes"].items()}
        redrive = json.loads(attributes.get("RedrivePolicy") or "{}")
        return _Queue(
            name=name,
            url=url,
            arn=attributes["QueueArn"],
            redrives_to=redrive.get("deadLetterTargetArn"),
            messages=int(attributes["ApproximateNumberOfMessages"]),
            in_flight=int(attributes["ApproximateNumberOfMessagesNotVisible"]),
            asked_at=server_time(answer),
        )

    def _sources(self, queues: Sequence[_Queue]) -> Iterator[_Source]:
        """The sources of dead letters, each with its dead-letter queue's ARN."""
        redriven = set()
        for queue in queues:
            if queue.redrives_to is not None:
                redriven |= {queue.arn, queue.redrives_to}
                yield queue.redrives_to, QueueDestination(self.aws.sqs, queue.name, queue.url)
        if all(queue.arn in redriven for queue in queues):
            return
        yield from self._functions()
        yield from self._rules({queue.arn: queue for queue in queues})

    def _functions(self) -> Iterator[_Source]:
        for name, function in self._of(_FUNCTION).items():
            pages = self.aws.functions.get_paginator("list_function_event_invoke_configs")
            for page in pages.paginate(FunctionName=function):
                for configuration in page["FunctionEventInvokeConfigs"]:
                    on_failure = configuration.get("DestinationConfig", {}).get("OnFailure", {})
                    if arn := on_failure.get("Destination"):
                        yield arn, FunctionDestination(self.aws.functions, name, function)

    def _rules(self, queues: Mapping[str, _Queue]) -> Iterator[_Source]:
        for rule in self._of(_RULE).values():
            for target in self.aws.events.list_targets_by_rule(Rule=rule)["Targets"]:
                arn = target.get("DeadLetterConfig", {}).get("Arn")
                queue = queues.get(target["Arn"])
                if arn and queue:
                    yield arn, QueueDestination(self.aws.sqs, queue.name, queue.url)


def attributes_of(aws: Aws, url: str) -> "GetQueueAttributesResultTypeDef | None":
    """A queue's attributes. None if somebody has deleted the queue."""
    try:
        return aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
    except ClientError as error:
        if error.response["Error"]["Code"] not in _NO_QUEUE:
            raise
        return None


def is_no_stack(error: ClientError) -> bool:
    """Whether CloudFormation says that there is no such stack.

    The error code is the same for any wrong parameter. The text is "Stack with id … does not exist"
    (so in moto, and in aws/aws-cdk, ``CloudFormationStack.lookup``).
    """
    said = error.response["Error"]
    return said["Code"] == "ValidationError" and "does not exist" in said.get("Message", "")


def _by_queue(sources: Iterable[_Source]) -> dict[str, Destination]:
    """Each queue's destination by the queue's ARN. Raises Problem if a queue has two."""
    found: dict[str, Destination] = {}
    for arn, destination in sources:
        before = found.setdefault(arn, destination)
        if before.name != destination.name:
            raise Problem(
                f"{arn}: both {before.name} and {destination.name} use it as their "
                "dead-letter queue, so a message's source is unknown: give each a queue of its own"
            )
    return found


def holding(queues: Iterable[DeadLetterQueue]) -> list[DeadLetterQueue]:
    """The queues with messages, by SQS's counts."""
    return [queue for queue in queues if queue.messages or queue.in_flight]


def _unknown(name: str, known: list[str]) -> str:
    by_lower = {each.lower(): each for each in known}
    close = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.5)
    hint = f"did you mean {by_lower[close[0]]}?" if close else f"there are {', '.join(known)}"
    return f"{name!r} isn't a dead-letter queue of the stack: {hint}"
