"""Container lines as Airflow's own reader of logs takes them."""

import json
from datetime import UTC, datetime

import pytest
from airflow.utils.log.file_task_handler import (
    StructuredLogMessage,
    _interleave_logs,
    _log_stream_to_parsed_log_stream,
)

from jetbridge.domain.lines import Line
from jetbridge.domain.log_lines import Repeats, airflow_line
from jetbridge.domain.log_position import Position

AT = 1_772_323_229_007


def _read(*messages: str) -> list[StructuredLogMessage]:
    lines = [airflow_line(Line(AT, message), "container.main").decode() for message in messages]
    return [log for _, _, log in _log_stream_to_parsed_log_stream(iter(lines))]


@pytest.mark.parametrize("message", ["rows: 7", "", "  {", '{"a": 1}', "ä\x00\x1b[31m", '"', "[7]"])
def test_a_line_is_shown_as_it_was_printed(message):
    [read] = _read(message)
    assert read.event == message
    assert read.timestamp == datetime(2026, 3, 1, 0, 0, 29, 7_000, UTC)
    assert read.model_extra == {"level": "info", "logger": "container.main"}


def test_a_json_line_keeps_its_level_and_its_members():
    [read] = _read(json.dumps({"level": "ERROR", "message": "no", "rows": [1], "timestamp": "x"}))
    assert read.event == "no"
    assert read.timestamp == datetime(2026, 3, 1, 0, 0, 29, 7_000, UTC)
    extras = read.model_extra
    assert extras == {
        "level": "error",
        "logger": "container.main",
        "rows": [1],
        "container_timestamp": "x",
    }


def test_objects_of_a_try_are_merged_by_time_and_lines_of_one_moment_stay_in_order():
    def lines(logger, *moments):
        return iter(
            airflow_line(Line(AT + moment, f"{logger} {number}"), logger).decode()
            for number, moment in enumerate(moments)
        )

    merged = _interleave_logs(lines("a", 0, 5, 5, 5, 9), lines("b", 1, 5, 7))
    shown = [log.event for log in merged]
    assert [event for event in shown if event.startswith("a")] == [f"a {n}" for n in range(5)]
    assert [event for event in shown if event.startswith("b")] == [f"b {n}" for n in range(3)]
    assert shown[:2] == ["a 0", "b 0"]
    assert shown[-2:] == ["b 2", "a 4"]


@pytest.mark.parametrize("before", [Position(), Position(token="f/1", last=AT, count=2)])
def test_a_line_that_was_printed_twice_in_a_millisecond_is_shown_twice(before):
    """Airflow's reader leaves out lines that equal the one before."""
    printed = ["retry", "retry", "retry", "done", "retry"]
    repeats = Repeats(before)
    lines = [Line(AT, message) for message in printed]
    earlier = [airflow_line(Line(AT, "retry"), "c").decode()] if before.last else []
    written = [airflow_line(line, "c", repeats(line)).decode() for line in lines]
    shown = [log.event for log in _interleave_logs(iter([*earlier, *written]))]
    assert shown == ["retry"] * len(earlier) + printed
