"""Sends dead letters back."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import ClientError

from jetbridge_cli.messages import DELIVERY_ATTRIBUTES, Message, is_invocation_record
from jetbridge_cli.receiving import BATCH

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sqs import SQSClient

# The limit for all messages of one SendMessageBatch together. AWS now allows 1 MiB, but queues with
# an older MaximumMessageSize keep their limit (API reference of SendMessageBatch).
BATCH_BYTES = 256 * 1024


@dataclass
class Sent:
    """The result of sending messages.

    Attributes:
        messages: messages that were sent. They may be deleted.
        refused: messages that could not be sent, each with the reason.
        new_ids: the messages' new ids in SQS.
    """

    messages: list[Message] = field(default_factory=list)
    refused: list[tuple[Message, str]] = field(default_factory=list)
    new_ids: set[str] = field(default_factory=set)


class Destination(Protocol):
    """Receives the dead letters again. ``name`` is its logical id in the stack."""

    @property
    def name(self) -> str: ...

    def send(self, messages: Sequence[Message]) -> Sent:
        """Send messages. Raises ClientError if AWS refuses all of them for the same reason."""
        ...


@dataclass(frozen=True)
class QueueDestination:
    """A queue whose messages were given up, or to which a rule couldn't deliver."""

    sqs: "SQSClient"
    name: str
    url: str

    def send(self, messages: Sequence[Message]) -> Sent:
        """Send the same body, attributes, message group and trace header."""
        sent = Sent()
        for batch in _batches(messages):
            self._send(batch, sent)
        return sent

    def _send(self, batch: Sequence[Message], sent: Sent) -> None:
        by_entry = {str(number): message for number, message in enumerate(batch)}
        entries: list[Any] = [_entry(name, message) for name, message in by_entry.items()]
        try:
            answer = self.sqs.send_message_batch(QueueUrl=self.url, Entries=entries)
        except ClientError as error:
            if not _is_of_a_message(error):
                raise
            if len(batch) == 1:
                sent.refused.append((batch[0], str(error)))
                return
            for message in batch:  # a message that SQS refuses must not stop the others
                self._send([message], sent)
            return
        for success in answer.get("Successful", []):
            sent.messages.append(by_entry[success["Id"]])
            sent.new_ids.add(success["MessageId"])
        for failure in answer.get("Failed", []):
            reason = f"{failure['Code']}: {failure.get('Message', '')}"
            sent.refused.append((by_entry[failure["Id"]], reason))


@dataclass(frozen=True)
class FunctionDestination:
    """The function whose asynchronous invocations failed."""

    functions: "LambdaClient"
    name: str
    function_name: str

    def send(self, messages: Sequence[Message]) -> Sent:
        """Invoke the function asynchronously with each record's ``requestPayload``.

        It uses the alias of the original invocation, so the caller has the same rights.
        """
        sent = Sent()
        for message in messages:
            record = message.content
            if not is_invocation_record(record):
                reason = "its body isn't the record of a failed invocation (no requestPayload)"
                sent.refused.append((message, reason))
                continue
            try:
                self._invoke(record)
            except RecursionError:
                sent.refused.append((message, "its payload is nested too deep to be sent"))
            except ClientError as error:
                # The messages sent before this one must be deleted first.
                if not sent.messages:
                    raise
                sent.refused.append((message, str(error)))
            else:
                sent.messages.append(message)
        return sent

    def _invoke(self, record: Any) -> None:
        self.functions.invoke(
            FunctionName=self.function_name,
            Qualifier=_qualifier(record),
            InvocationType="Event",
            Payload=json.dumps(record["requestPayload"]).encode(),
        )


# SQS's errors that concern one message, and not the queue or the caller (API reference,
# SendMessageBatch, "Errors").
_OF_A_MESSAGE = ("BatchRequestTooLong", "InvalidMessageContents", "InvalidParameterValue")


def _is_of_a_message(error: ClientError) -> bool:
    return error.response["Error"]["Code"].rpartition(".")[2] in _OF_A_MESSAGE


def _qualifier(record: Any) -> str:
    """The alias or version in ``requestContext.functionArn``. Lambda always qualifies it (AWS
    Lambda developer guide, "Capturing records of Lambda asynchronous invocations")."""
    context = record.get("requestContext")
    arn = context.get("functionArn") if isinstance(context, dict) else None
    parts = str(arn or "").split(":")
    return parts[7] if len(parts) == 8 else "$LATEST"


def _entry(name: str, message: Message) -> dict[str, Any]:
    attributes = {
        key: {kind: value for kind, value in attribute.items() if value not in (None, [])}
        for key, attribute in message.attributes.items()
        if key not in DELIVERY_ATTRIBUTES
    }
    entry: dict[str, Any] = {"Id": name, "MessageBody": message.body}
    if attributes:
        entry["MessageAttributes"] = attributes
    if message.group:
        entry["MessageGroupId"] = message.group
    if message.trace:
        trace = {"DataType": "String", "StringValue": message.trace}
        entry["MessageSystemAttributes"] = {"AWSTraceHeader": trace}
    return entry


def _batches(messages: Sequence[Message]) -> Iterator[list[Message]]:
    batch: list[Message] = []
    size = 0
    for message in messages:
        length = _size(message)
        if batch and (len(batch) == BATCH or size + length > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(message)
        size += length
    if batch:
        yield batch


def _size(message: Message) -> int:
    attributes = sum(
        len(name)
        + sum(len(value) for value in attribute.values() if isinstance(value, str | bytes))
        for name, attribute in message.attributes.items()
    )
    return len(message.body.encode()) + attributes
