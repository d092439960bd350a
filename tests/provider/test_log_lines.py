"""Container lines as Airflow's own reader of logs takes them."""

import json
import re
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.utils.log.file_task_handler import (
    StructuredLogMessage,
    _interleave_logs,
    _log_stream_to_parsed_log_stream,
)
from hypothesis import given
from hypothesis import strategies as st

from jetbridge.contract.lines import Line
from jetbridge.logs.airflow_lines import Repeats, airflow_line
from jetbridge.logs.airflow_names import RESERVED
from jetbridge.logs.position import Position

AT = 1_772_323_229_007


def _raw(lines: list[str]) -> Any:
    """Lines as Airflow takes them, in any of its versions."""
    return iter(lines)


def _read(*messages: str) -> list[StructuredLogMessage]:
    lines = [airflow_line(Line(AT, message), "container.main").decode() for message in messages]
    return [log for _, _, log in _log_stream_to_parsed_log_stream(_raw(lines))]


@pytest.mark.parametrize("message", ["rows: 7", "", "  {", '{"a": 1}', "ä\x1b[31m", '"', "[7]"])
def test_a_line_is_shown_as_it_was_printed(message: str) -> None:
    [read] = _read(message)
    assert read.event == message
    assert read.timestamp == datetime(2026, 3, 1, 0, 0, 29, 7_000, UTC)
    assert read.model_extra == {"level": "info", "logger": "container.main"}


def test_a_json_line_keeps_its_level_and_its_members() -> None:
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


def test_objects_of_a_try_are_merged_by_time_and_lines_of_one_moment_stay_in_order() -> None:
    def lines(logger: Any, *moments: Any) -> Any:
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
def test_a_line_that_was_printed_twice_in_a_millisecond_is_shown_twice(before: Position) -> None:
    """Airflow's reader leaves out lines that equal the one before."""
    printed = ["retry", "retry", "retry", "done", "retry"]
    repeats = Repeats(before)
    lines = [Line(AT, message) for message in printed]
    earlier = [airflow_line(Line(AT, "retry"), "c").decode()] if before.last else []
    written = [airflow_line(line, "c", repeats(line)).decode() for line in lines]
    shown = [log.event for log in _interleave_logs(_raw([*earlier, *written]))]
    assert shown == ["retry"] * len(earlier) + printed


HOSTILE = [
    '{"level":"error","event":"upload failed","error_detail":"403 from the bucket"}',
    '{"level":"error","event":"x","error_detail":{"a":1}}',
    json.dumps({"level": "info", "msg": "m", **{name: [{"a": None}] for name in RESERVED}}),
    json.dumps({"level": "::group::", "msg": "::endgroup::", "::group::": ["::group::"]}),
    json.dumps({"level": "info", "msg": "m", "sort_key": 1, "model_config": {}, "__class__": 2}),
    json.dumps({"level": "info", "msg": "m", "__proto__": {"event": 7}, "toJSON": 1}),
    '{"level":"info","msg":"deep","a":%s}' % ("[" * 300 + "]" * 300),
    json.dumps({"level": "info", "msg": "members", **{f"n{n}": n for n in range(5_000)}}),
    '{"level":"info","msg":"digits","a":%s,"b":18446744073709551616}' % ("9" * 4_400),
    '{"level":"info","msg":"infinite","a":1e999,"b":-Infinity}',
    '{"level":"info","msg":"half \\ud800"}',
    "\ufeff\x00\x1b[2J\x1b]8;;https://a.b\x07\u202e\u2028\x85\ud83d::group::",
    "2026-01-01T00:00:00Z [ERROR] forged",
    "x" * 1_000_000,
    '{"level":"info","msg":"%s"}' % ("\u202e" * 300_000),
]
"""Lines of a container that would break the page, or that claim to be Airflow's."""


def _check(read: StructuredLogMessage) -> None:
    assert read.timestamp == datetime(2026, 3, 1, 0, 0, 29, 7_000, UTC)
    extras = read.model_extra or {}
    assert extras["logger"] == "container.main"
    assert extras["level"] in ("debug", "info", "warning", "error", "critical")
    assert extras.keys() & RESERVED == {"logger", "level"}
    assert not re.search("::(end)?group::", read.model_dump_json())
    # The page reads it with JSON.parse, which takes no NaN.
    json.loads(read.model_dump_json(), parse_constant=pytest.fail)


@pytest.mark.parametrize("message", HOSTILE)
def test_a_hostile_line_is_the_containers_own_and_the_lines_beside_it_stay(message: Any) -> None:
    before, read, after = _read("before", message, "after")
    assert (before.event, after.event) == ("before", "after")
    _check(read)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(
    st.dictionaries(st.sampled_from(sorted(RESERVED)) | st.text(), values),
    st.text(),
    st.booleans(),
)
def test_any_json_line_is_read(members: Any, text: Any, ascii_only: Any) -> None:
    line = {**members, "level": "info", "msg": text}
    [read] = _read(json.dumps(line, ensure_ascii=ascii_only))
    _check(read)


@pytest.mark.parametrize("message", HOSTILE)
def test_cloudwatch_logs_handler_reads_it_the_same(message: Any) -> None:
    """What Amazon MWAA has: the line is the message of an event in the try's own stream."""
    handler: Any = pytest.importorskip("airflow.providers.amazon.aws.log.cloudwatch_task_handler")
    io = handler.CloudWatchRemoteLogIO
    parse = getattr(io, "_parse_log_event_as_dumped_json", None)
    if parse is None:
        pytest.skip("this amazon provider hands events over in another way")
    written = airflow_line(Line(AT, message), "container.main").decode()
    dumped = parse(SimpleNamespace(), {"timestamp": AT, "message": written})
    [(_, _, read)] = _log_stream_to_parsed_log_stream(_raw([dumped]))
    _check(read)
