"""Reads dead letters: which runs they belong to, and why they were given up."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jetbridge.contract import ContractError, StartRequest, decode, run_id_of
from jetbridge.queues.messages import MESSAGE_ID, REASON
from jetbridge.runs.names import LaunchName

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef

# Attributes that EventBridge and EventBridge Scheduler add to undelivered messages (EventBridge
# user guide, "Using dead-letter queues to process undelivered events"; EventBridge Scheduler user
# guide, "Configuring a schedule's dead-letter queue"), and those that Jetbridge's functions add to
# a message that they give up at once. A replay removes them.
DELIVERY_ATTRIBUTES = frozenset(
    {
        REASON,
        MESSAGE_ID,
        "RULE_ARN",
        "TARGET_ARN",
        "ERROR_CODE",
        "ERROR_MESSAGE",
        "EXHAUSTED_RETRY_CONDITION",
        "RETRY_ATTEMPTS",
        "SCHEDULE_ARN",
        "SCHEDULED_TIME",
        "EXECUTION_ID",
        "IS_PAYLOAD_TRUNCATED",
    }
)


@dataclass(frozen=True, kw_only=True)
class Message:
    """One received message.

    Attributes:
        receipt: SQS's receipt handle, valid until the message is visible again.
        attributes: SQS message attributes, as ReceiveMessage returns them.
        sent_at: in epoch seconds. A message that SQS moved to a dead-letter queue keeps the time
            when it was first sent.
        receive_count: how often it has been received, including this time.
        group: its message group, or "".
        trace: its X-Ray trace header, or "".
    """

    id: str
    receipt: str
    body: str
    attributes: Mapping[str, Any]
    sent_at: float
    receive_count: int
    group: str
    trace: str

    @classmethod
    def received(cls, message: "MessageTypeDef") -> "Message":
        """A message in ReceiveMessage's answer. The request must ask for all attributes."""
        system = {str(name): value for name, value in message.get("Attributes", {}).items()}
        return cls(
            id=message["MessageId"],
            receipt=message["ReceiptHandle"],
            body=message["Body"],
            attributes=message.get("MessageAttributes", {}),
            sent_at=int(system.get("SentTimestamp", "0")) / 1000,
            receive_count=int(system.get("ApproximateReceiveCount", "0")),
            group=system.get("MessageGroupId", ""),
            trace=system.get("AWSTraceHeader", ""),
        )

    @property
    def content(self) -> Any:
        """The parsed JSON body. None if it isn't JSON."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @property
    def run_ids(self) -> list[str]:
        """The ids of the message's runs."""
        try:
            return _run_ids(self.content)
        except RecursionError:
            return []

    @property
    def failure(self) -> str:
        """Why the message was given up, from its attributes. "" if they don't say."""
        reason = self._text(REASON)
        if reason:
            return reason
        code = self._text("ERROR_CODE")
        if code:
            return f"{code}: {self._text('ERROR_MESSAGE')}"
        record = self.content
        if not is_invocation_record(record):
            return ""
        condition = record["requestContext"].get("condition") or ""
        answer = record.get("responsePayload")
        if isinstance(answer, dict) and "errorMessage" in answer:
            return f"{answer.get('errorType', 'error')}: {answer['errorMessage']} ({condition})"
        return str(condition)

    @property
    def undelivered(self) -> bool:
        """Whether the message is an event that never reached its target. Then no function saw
        it."""
        return "ERROR_CODE" in self.attributes

    @property
    def logged_as(self) -> str:
        """The id that a function's log lines about the message contain.

        The functions log the ids of messages that they fail on, and a redrive keeps the ids. A
        message that a function gave up at once has its earlier id as an attribute. For an
        invocation, Lambda's record has the request id, which is in every log line.
        """
        record = self.content
        if is_invocation_record(record):
            return str(record["requestContext"].get("requestId", ""))
        return self._text(MESSAGE_ID) or self.id

    def _text(self, name: str) -> str:
        return str(self.attributes.get(name, {}).get("StringValue", ""))


def is_invocation_record(content: Any) -> bool:
    """Whether the message is Lambda's record of a failed asynchronous invocation (AWS Lambda
    developer guide, "Capturing records of Lambda asynchronous invocations")."""
    return (
        isinstance(content, dict)
        and isinstance(content.get("requestContext"), dict)
        and "requestPayload" in content
    )


def _run_ids(content: Any) -> list[str]:
    if not isinstance(content, dict):
        return []
    if isinstance(content.get("run_id"), str):
        return [content["run_id"]]
    if isinstance(content.get("run_ids"), list):
        return [each for each in content["run_ids"] if isinstance(each, str)]
    if is_invocation_record(content):
        return _run_ids(content["requestPayload"]) or _run_id_of_start(content["requestPayload"])
    detail = content.get("detail")
    if not isinstance(detail, dict):
        return []
    names = (detail.get("startedBy"), detail.get("jobName"))
    name = LaunchName.parse(next((each for each in names if isinstance(each, str)), ""))
    return [name.run_id] if name else []


def _run_id_of_start(payload: Any) -> list[str]:
    try:
        return [run_id_of(decode(StartRequest, payload).key)]
    except (ContractError, UnicodeError):
        return []
