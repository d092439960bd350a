"""Dead letters: which runs they are about, and why they were given up."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jetbridge.contract import ContractError, StartRequest, decode, run_id_of
from jetbridge.queues.messages import MESSAGE_ID, REASON
from jetbridge.runs.names import LaunchName

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageTypeDef

# What EventBridge and EventBridge Scheduler add to what they couldn't deliver (EventBridge user
# guide, "Using dead-letter queues to process undelivered events"; EventBridge Scheduler user
# guide, "Configuring a schedule's dead-letter queue"), and a function of Jetbridge to what it gave
# up at once. None of it goes back with the message.
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
    """One message as it was received.

    Attributes:
        receipt: what SQS calls it by until it is visible again.
        attributes: SQS message attributes, as ReceiveMessage returns them.
        sent_at: epoch seconds; a message that SQS moved to a dead-letter queue keeps the time at
            which it was sent first.
        receive_count: how often it has been received, this time included.
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
        """A message of ReceiveMessage's answer, asked for with all its attributes."""
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
        """The body as JSON; None if it isn't JSON."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @property
    def run_ids(self) -> list[str]:
        """The runs that the message is about."""
        try:
            return _run_ids(self.content)
        except RecursionError:
            return []

    @property
    def failure(self) -> str:
        """Why it was given up, in the words of who gave it up; "" if the message doesn't say."""
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
        """Whether it is an event that never reached its target, so that no function saw it."""
        return "ERROR_CODE" in self.attributes

    @property
    def logged_as(self) -> str:
        """What stands in the log lines that a function wrote about it.

        The functions log the ids of messages that they fail on, and a redrive keeps them; what a
        function gave up at once has the id that it had before as an attribute. Of an invocation
        Lambda's record has the request id, which is in every line.
        """
        record = self.content
        if is_invocation_record(record):
            return str(record["requestContext"].get("requestId", ""))
        return self._text(MESSAGE_ID) or self.id

    def _text(self, name: str) -> str:
        return str(self.attributes.get(name, {}).get("StringValue", ""))


def is_invocation_record(content: Any) -> bool:
    """Whether it is what Lambda sends to the on-failure destination of an asynchronous invocation
    (AWS Lambda developer guide, "Capturing records of Lambda asynchronous invocations")."""
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
