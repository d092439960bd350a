"""CloudWatch Logs, read and written: pages, tokens, refusals, batches."""

import random
import time
from itertools import pairwise
from typing import Any

import boto3
import pytest
from botocore.exceptions import (
    ConnectTimeoutError,
    EndpointConnectionError,
    IncompleteReadError,
    InvalidRegionError,
    ParamValidationError,
    ReadTimeoutError,
)
from hypothesis import given
from hypothesis import strategies as st
from jetbridge_testing.clock import Clock
from jetbridge_testing.logs import (
    Event,
    PagingLogsClient,
    StreamsClient,
    client_error,
    log_event,
)
from jetbridge_testing.stand_ins import as_client

from jetbridge.contract import LogStream
from jetbridge.contract.lines import Line
from jetbridge.logs.cloudwatch import CloudWatchLogs
from jetbridge.logs.cloudwatch_writer import CloudWatchStreams
from jetbridge.logs.copy_to_cloudwatch import (
    BATCH_BYTES,
    BATCH_EVENTS,
    EVENT_OVERHEAD,
    batches,
)
from jetbridge.logs.port import (
    Busy,
    Page,
    StreamClosed,
    StreamMissing,
    TokenExpired,
    Unreadable,
)
from jetbridge.logs.position import Position, Seen

STREAM = LogStream(container="main", group="g", stream="s", region="eu-west-1")
START = Position()
DAY = 24 * 3600 * 1000


def _page(*messages: str) -> list[Event]:
    return [log_event(number, message) for number, message in enumerate(messages)]


def _tail(client: PagingLogsClient, limit: int = 10) -> list[Line] | None:
    return CloudWatchLogs(lambda region: as_client(client)).tail(STREAM, limit)


class Refusing:
    """Every call fails."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def get_log_events(self, **parameters: Any) -> Any:
        raise self._error

    put_log_events = get_log_events


def test_a_page_has_its_lines_its_token_and_when_the_latest_came() -> None:
    client = PagingLogsClient([[log_event(1_772_323_229_007, "a"), log_event(1, "b")]])
    page = CloudWatchLogs(lambda region: as_client(client)).page(STREAM, START)
    assert page == Page([Line(1_772_323_229_007, "a"), Line(1, "b")], "f/1", 1_772_323_229_407)
    assert client.calls == [{"logGroupName": "g", "logStreamName": "s", "startFromHead": True}]


@pytest.mark.parametrize(
    ("position", "parameters"),
    [
        (Position(token="f/1", last=7, count=2), {"nextToken": "f/1"}),
        (Position(last=7, count=2), {"startTime": 7}),
    ],
)
def test_reads_on_by_token_or_else_by_time(position: Position, parameters: dict[str, Any]) -> None:
    client = PagingLogsClient([[], []])
    CloudWatchLogs(lambda region: as_client(client)).page(STREAM, position)
    [call] = client.calls
    assert parameters.items() <= call.items()
    assert len({"nextToken", "startTime"} & set(call)) == 1


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (client_error("ResourceNotFoundException"), StreamMissing),
        (client_error("AccessDeniedException"), StreamClosed),
        (client_error("InvalidParameterException", "The specified nextToken is expired."),
         TokenExpired),
        (client_error("ThrottlingException", "Rate exceeded"), Busy),
        (client_error("ServiceUnavailableException", "", 503), Busy),
        (ConnectTimeoutError(endpoint_url="https://logs"), Busy),
    ],
)  # fmt: skip
def test_refusals_are_told_apart(error: Exception, said: type[Exception]) -> None:
    with pytest.raises(said):
        CloudWatchLogs(lambda region: as_client(Refusing(error))).page(
            STREAM, Position(token="f/1")
        )


HANG = ReadTimeoutError(endpoint_url="https://logs")
KMS = "The ciphertext refers to a KMS key that this account may not use: arn:aws:kms:…:key/1"
ANSWERS = [
    (client_error("AccessDeniedException", KMS), StreamClosed),
    (client_error("AccessDeniedException"), StreamClosed),
    (client_error("InvalidOperationException", "INFREQUENT_ACCESS"), Unreadable),
    (client_error("InvalidParameterException", "logStreamName"), Unreadable),
    (client_error("ValidationException", "1 validation error"), Unreadable),
    (InvalidRegionError(region_name="eu west 1"), Unreadable),
    (ParamValidationError(report="logStreamName"), Unreadable),
    (client_error("ThrottlingException", "Rate exceeded"), Busy),
    (client_error("InternalFailure", "", 500), Busy),
    (client_error("SomethingNewException", "of 2030"), Busy),
    (client_error("ExpiredTokenException", "the security token is expired"), Busy),
    (HANG, Busy),
    (EndpointConnectionError(endpoint_url="https://logs"), Busy),
    (IncompleteReadError(actual_bytes=1, expected_bytes=2), Busy),
]


@pytest.mark.parametrize(("error", "said"), ANSWERS, ids=lambda each: str(each)[:60])
def test_each_error_is_for_now_or_for_good(error: Exception, said: type[Exception]) -> None:
    logs = CloudWatchLogs(lambda region: as_client(Refusing(error)))
    with pytest.raises(said) as of_page:
        logs.page(STREAM, START)
    with pytest.raises(said) as of_tail:
        logs.tail(STREAM, 1)
    assert str(of_page.value)
    assert str(of_tail.value)


def test_an_impossible_region_is_a_permanent_error() -> None:
    def client_of(region: str) -> Any:
        return boto3.client("logs", region_name="no region")

    with pytest.raises(Unreadable):
        CloudWatchLogs(client_of).tail(STREAM, 1)


def test_no_tail_of_what_is_missing() -> None:
    assert _tail(PagingLogsClient(None)) is None


def test_a_token_that_expires_while_reading_back_is_for_later() -> None:
    class Expiring(PagingLogsClient):
        def get_log_events(self, **parameters: Any) -> dict[str, Any]:
            if "nextToken" in parameters:
                raise client_error("InvalidParameterException", "The nextToken is invalid.")
            return super().get_log_events(**parameters)

    with pytest.raises(Busy):
        _tail(Expiring([_page("a"), []]))


def test_each_further_call_of_a_tail_takes_a_turn() -> None:
    turns: list[str] = []
    client = PagingLogsClient([_page("a"), [], []])
    CloudWatchLogs(lambda region: as_client(client), turns.append).tail(STREAM, 1)
    assert len(client.calls) == 3
    assert turns == ["eu-west-1"] * 2


@given(st.lists(st.integers(0, 5), max_size=30), st.data())
def test_reading_begins_again_behind_the_last_line_exactly(times: list[int], data: Any) -> None:
    lines = [Line(time, str(number)) for number, time in enumerate(sorted(times))]
    read = data.draw(st.integers(0, len(lines)))
    middle = data.draw(st.integers(0, read))
    position = START.behind(lines[:middle]).behind(lines[middle:read])
    since = [line for line in lines if position.last is None or line.timestamp >= position.last]
    seen, rest = Seen(position), []
    while since:
        size = data.draw(st.integers(1, 3))
        rest += seen.drop(since[:size])
        since = since[size:]
    assert rest == lines[read:]


@pytest.mark.parametrize(
    ("pages", "tail"),
    [
        ([], []),
        ([_page("a"), _page("b")], ["b"]),
        ([_page("a"), [], [], []], ["a"]),
        ([[]], []),
    ],
)
def test_tail_reads_back_past_empty_pages(pages: list[list[Event]], tail: list[str]) -> None:
    client = PagingLogsClient(pages)
    assert [line.message for line in _tail(client, 7) or []] == tail
    assert all(call["limit"] == 7 and not call["startFromHead"] for call in client.calls)


def test_asks_in_the_streams_own_region() -> None:
    regions = []

    def client_of(region: str) -> Any:
        regions.append(region)
        return PagingLogsClient([])

    CloudWatchLogs(client_of).tail(STREAM, 1)
    assert set(regions) == {"eu-west-1"}


def test_reads_moto(aws: None) -> None:
    client = boto3.client("logs")
    client.create_log_group(logGroupName="g")
    logs = CloudWatchLogs(lambda region: as_client(client))
    assert logs.tail(STREAM, 3) is None
    client.create_log_stream(logGroupName="g", logStreamName="s")
    assert logs.tail(STREAM, 3) == []
    now = 1_700_000_000_000
    events: Any = [{"timestamp": now + n, "message": f"line {n}"} for n in range(2500)]
    client.put_log_events(logGroupName="g", logStreamName="s", logEvents=_recent(events))
    page = logs.page(STREAM, START)
    again = logs.page(STREAM, Position(token=page.token))
    assert [line.message for line in page.lines] == [f"line {n}" for n in range(2500)]
    assert again[:2] == ([], page.token)
    since = logs.page(STREAM, Position(last=page.lines[2_400].timestamp, count=1))
    assert since.lines == page.lines[2_400:]
    tail = logs.tail(STREAM, 3)
    assert tail is not None
    assert [line.message for line in tail] == ["line 2497", "line 2498", "line 2499"]


# Writing


def test_writes_moto_and_makes_the_stream(aws: None) -> None:
    client = boto3.client("logs")
    client.create_log_group(logGroupName="g")
    streams = CloudWatchStreams(lambda: as_client(client))
    now = int(time.time() * 1000)
    assert streams.put("g", "dag_id=a/attempt=1.log", [(now, "a"), (now, "b")]) == 0
    assert streams.put("g", "dag_id=a/attempt=1.log", [(now + 1, "c")]) == 0
    written = client.get_log_events(logGroupName="g", logStreamName="dag_id=a/attempt=1.log")
    assert [event["message"] for event in written["events"]] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("days", "rejected"), [([-20, -15, -1, 0], 2), ([-1, 0], 0), ([0, 1], 1), ([-20, 0, 1], 2)]
)
def test_counts_what_is_rejected(days: list[int], rejected: int) -> None:
    clock = Clock()
    client = StreamsClient(clock, random.Random(1))
    now = int(clock.now * 1000)
    events = [(now + day * DAY, str(day)) for day in days]
    streams = CloudWatchStreams(lambda: as_client(client))
    assert sum(streams.put("g", "s", batch) for batch in batches(events)) == rejected


def test_throttled_writes_are_for_later() -> None:
    error = client_error("ThrottlingException", "Rate exceeded")
    with pytest.raises(Busy):
        CloudWatchStreams(lambda: as_client(Refusing(error))).put("g", "s", [(0, "a")])


EVENTS = st.lists(
    st.tuples(st.integers(0, 3 * DAY), st.sampled_from(["", "ä", "x" * 200_000, "y" * 1_000_000])),
    max_size=40,
)


@given(EVENTS)
def test_batches_keep_to_the_limits_of_put_log_events(events: list[tuple[int, str]]) -> None:
    events.sort(key=lambda event: event[0])
    made = list(batches(events))
    assert [event for batch in made for event in batch] == events
    for batch in made:
        assert 1 <= len(batch) <= BATCH_EVENTS
        assert sum(len(text.encode()) + EVENT_OVERHEAD for _, text in batch) <= BATCH_BYTES
        assert batch[-1][0] - batch[0][0] < DAY
    for one, two in pairwise(made):
        more = [*one, two[0]]
        assert (
            sum(len(text.encode()) + EVENT_OVERHEAD for _, text in more) > BATCH_BYTES
            or more[-1][0] - more[0][0] >= DAY
        ), "a batch that could have been larger"


def test_a_batch_has_ten_thousand_events_at_most() -> None:
    assert [len(batch) for batch in batches([(0, "a")] * 25_000)] == [10_000, 10_000, 5_000]


def _recent(events: list[dict[str, Any]]) -> Any:
    """CloudWatch Logs refuses events older than 14 days."""
    shift = int(time.time() * 1000) - events[-1]["timestamp"]
    return [event | {"timestamp": event["timestamp"] + shift} for event in events]
