"""Reading CloudWatch Logs to its true end."""

import time
from typing import Any

import boto3
import pytest
from jetbridge_testing.clock import Clock
from jetbridge_testing.logs import Event, PagingLogsClient, log_event

from jetbridge.contract import LogStream
from jetbridge.domain.lines import Line
from jetbridge.logs.cloudwatch import CloudWatchLogs
from jetbridge.logs.port import StreamMissing

STREAM = LogStream(container="main", group="g", stream="s", region="eu-west-1")
SETTLE = 5.0


def _page(*messages: str) -> list[Event]:
    return [log_event(number, message) for number, message in enumerate(messages)]


def _read(client: PagingLogsClient, clock: Clock | None = None) -> list[str]:
    logs = CloudWatchLogs(lambda region: client, (clock or Clock()).sleep)
    return [line.message for line in logs.lines(STREAM, SETTLE)]


def _tail(client: PagingLogsClient, limit: int = 10) -> list[Line] | None:
    return CloudWatchLogs(lambda region: client).tail(STREAM, limit)


@pytest.mark.parametrize(
    "pages",
    [
        [],
        [[]],
        [_page("a", "b")],
        [_page("a"), _page("b")],
        [[], _page("a"), [], [], [], [], [], _page("b"), []],
    ],
)
def test_reads_past_empty_pages_to_the_repeated_token(pages: list[list[Event]]) -> None:
    client = PagingLogsClient(pages)
    assert _read(client) == [event["message"] for page in pages for event in page]
    assert client.calls[-1]["nextToken"] == client.calls[-2]["nextToken"]


def test_timestamps_are_the_events_own() -> None:
    client = PagingLogsClient([[log_event(1_772_323_229_007, "a")]])
    [line] = CloudWatchLogs(lambda region: client, Clock().sleep).lines(STREAM, SETTLE)
    assert line == Line(1_772_323_229_007, "a")


def test_lines_that_come_while_it_settles_are_read() -> None:
    client, clock = PagingLogsClient([_page("a")]), Clock()
    late = [_page("b"), [], _page("c")]

    def sleep(seconds: float) -> None:
        clock.sleep(seconds)
        if late:
            assert client.pages is not None
            client.pages.append(late.pop(0))

    logs = CloudWatchLogs(lambda region: client, sleep)
    assert [line.message for line in logs.lines(STREAM, SETTLE)] == ["a", "b", "c"]
    assert set(clock.slept) == {SETTLE}


def test_settles_once_after_the_last_line() -> None:
    clock = Clock()
    _read(PagingLogsClient([_page("a"), _page("b")]), clock)
    assert clock.slept == [SETTLE]


def test_missing_stream() -> None:
    with pytest.raises(StreamMissing, match="g s"):
        _read(PagingLogsClient(None))
    assert _tail(PagingLogsClient(None)) is None


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
    logs = CloudWatchLogs(lambda region: client, Clock().sleep)
    assert logs.tail(STREAM, 3) is None
    client.create_log_stream(logGroupName="g", logStreamName="s")
    assert logs.tail(STREAM, 3) == []
    now = 1_700_000_000_000
    events: Any = [{"timestamp": now + n, "message": f"line {n}"} for n in range(2500)]
    client.put_log_events(logGroupName="g", logStreamName="s", logEvents=_recent(events))
    read = list(logs.lines(STREAM, SETTLE))
    assert [line.message for line in read] == [f"line {n}" for n in range(2500)]
    tail = logs.tail(STREAM, 3)
    assert tail is not None
    assert [line.message for line in tail] == ["line 2497", "line 2498", "line 2499"]


def _recent(events: list[dict[str, Any]]) -> Any:
    """CloudWatch Logs refuses events older than 14 days."""
    shift = int(time.time() * 1000) - events[-1]["timestamp"]
    return [event | {"timestamp": event["timestamp"] + shift} for event in events]
