"""What a CloudWatch Logs subscription delivers."""

import base64
import gzip
import json
import zlib
from collections.abc import Iterator

from msgspec import Struct, field

from jetbridge.aws.records import Fields
from jetbridge.contract import ContractError
from jetbridge.contract.lines import Line
from jetbridge.logs.live.relay import LogEvent

# A subscription also says now and then that it is there (CloudWatch Logs user guide,
# "Subscription filters with AWS Lambda": CONTROL_MESSAGE).
LINES = "DATA_MESSAGE"
# 31 December 9999: beyond it, Python has no datetime.
_LAST_MILLISECOND = 253_402_300_799_999
_HALF_PAIRS = dict.fromkeys(range(0xD800, 0xE000), "\ufffd")


class Delivery(Struct, frozen=True):
    """Attributes:
    events: lines of one stream, in their order; empty if the delivery has no lines.
    unreadable: how many further lines could not be read.
    """

    group: str = ""
    stream: str = ""
    events: list[LogEvent] = field(default_factory=list)
    unreadable: int = 0


def delivery_of(event: object) -> Delivery:
    """The lines of an event ``{"awslogs": {"data": <base64 of gzip of JSON>}}``.

    A line without a time or text is left out, and counted.

    Raises:
        ContractError: it isn't a delivery of a subscription.
    """
    data = Fields(event).part("awslogs").text("data")
    try:
        content = json.loads(gzip.decompress(base64.b64decode(data)))
    except (ValueError, EOFError, OSError, zlib.error, RecursionError) as error:
        raise ContractError(
            "awslogs.data",
            f"isn't a delivery of a CloudWatch Logs subscription ({error})",
            "Let a subscription filter invoke this function",
        ) from error
    fields = Fields(content)
    if fields.name("messageType") != LINES:
        return Delivery()
    members = fields.parts("logEvents")
    events = list(_events(members))
    return Delivery(
        group=fields.needed("logGroup"),
        stream=fields.needed("logStream"),
        events=events,
        unreadable=len(members) - len(events),
    )


def _events(members: list[Fields]) -> Iterator[LogEvent]:
    for each in members:
        at = each.integer("timestamp", 0, _LAST_MILLISECOND)
        text = each.text("message").translate(_HALF_PAIRS)
        if at is not None and text:
            yield LogEvent(each.name("id"), Line(at, text))
