"""The made-up source gives the lines that the check looks for, and the check finds what's wrong."""

import json

import pytest

from benchmarks.logcopy.copying import _lines, _lost
from benchmarks.logcopy.lines import (
    BYTES_PER_ROUND,
    LINES_PER_ROUND,
    PAGE_EVENTS,
    lines_in,
    message,
    timestamp,
)
from benchmarks.logcopy.serve import _page


@pytest.mark.parametrize("count", [0, 1, 90_000])
def test_pages_give_each_line_once_and_the_token_repeats_at_the_end(count: int) -> None:
    found, token, empty = [], None, 0
    while True:
        given: dict[str, str] = {"nextToken": token} if token else {}
        page = json.loads(_page({"logStreamName": str(count), **given}))
        events = page["events"]
        assert len(events) <= PAGE_EVENTS
        assert sum(len(event["message"].encode()) for event in events) <= 1_048_576
        found += events
        empty += not events
        if page["nextForwardToken"] == token:
            break
        token = page["nextForwardToken"]
    assert [event["message"] for event in found] == [message(n) for n in range(count)]
    assert [event["timestamp"] for event in found] == [timestamp(n) for n in range(count)]
    assert empty >= (2 if count > 50_000 else 1), "empty pages come before the end"


def test_megabytes_are_those_of_the_text() -> None:
    lines = lines_in(1)
    assert abs(sum(len(message(n).encode()) for n in range(lines)) - 1_000_000) < 1_000
    assert sum(len(message(n).encode()) for n in range(LINES_PER_ROUND)) == BYTES_PER_ROUND


def _written(*numbers: int) -> list[bytes]:
    return [f'{{"level":"info","event":"{message(number)}"}}'.encode() for number in numbers]


@pytest.mark.parametrize(
    ("numbers", "lost"),
    [((0, 1, 2), 0), ((0, 1), 1), ((), 3), ((0, 1, 1, 2), 3), ((0, 2, 1), 2), ((0, 1, 2, 3), 1)],
)
def test_lines_that_are_not_in_their_place_are_counted(numbers: tuple[int, ...], lost: int) -> None:
    assert _lost(iter(_written(*numbers)), 3) == lost


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_lines_are_cut_out_of_chunks(size: int) -> None:
    text = b"one\ntwo\n\nthree"
    chunks = (text[start : start + size] for start in range(0, len(text), size))
    assert list(_lines(chunks)) == [b"one", b"two", b"", b"three"]
