"""Log lines in Airflow's form, the result marker, and where a container's stream is."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jetbridge_testing.samples import DEFINITIONS, ended_run, launched_run
from msgspec.structs import replace

from jetbridge.contract import LogStream
from jetbridge.contract.lines import RESULT_MARKER, Line, reported_result
from jetbridge.logs.airflow_lines import airflow_line, moment
from jetbridge.logs.run_streams import log_streams, unread_containers
from jetbridge.runs.run import Definition, LogSource

TASK = "478f3a4c51824ad23cb50c1c60670c0f"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


LINE = "2026-03-01T00:00:29.007Z"


def _line(message: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        airflow_line(Line(1_772_323_229_007, message), "container.m")
    )
    return found


def test_airflow_line_is_what_airflow_reads() -> None:
    assert _line("rows: 7 ä") == {
        "timestamp": LINE,
        "level": "info",
        "logger": "container.m",
        "event": "rows: 7 ä",
    }


@given(st.integers(0, 4_000_000_000_000))
def test_moments_are_exact_to_the_millisecond(timestamp: int) -> None:
    read = datetime.fromisoformat(moment(timestamp))
    assert read - datetime(1970, 1, 1, tzinfo=UTC) == timedelta(milliseconds=timestamp)


@pytest.mark.parametrize(
    ("message", "level", "event", "extras"),
    [
        ('{"level": "ERROR", "message": "no", "n": 7}', "error", "no", {"n": 7}),
        ('{"severity": "WARN", "msg": "x", "a": {"b": []}}', "warning", "x", {"a": {"b": []}}),
        ('{"levelname": "FATAL", "event": "e"}', "critical", "e", {}),
        (
            '{"level": "info", "message": "m", "timestamp": 1, "logger": "app", "event": "e"}',
            "info",
            "m",
            {"container_timestamp": 1, "container_logger": "app", "container_event": "e"},
        ),
    ],
)
def test_json_lines_keep_their_level_and_their_text(
    message: str, level: str, event: str, extras: dict[str, Any]
) -> None:
    fields = {"timestamp": LINE, "level": level, "logger": "container.m", "event": event}
    assert _line(message) == fields | extras


@pytest.mark.parametrize(
    "message",
    [
        '{"message": "no level"}',
        '{"level": "info"}',
        '{"level": 30, "msg": "a number is no level"}',
        '{"level": "info", "message": 7}',
        '["level", "message"]',
        '{"level": "info", "message": "cut',
        "{",
        "[" * 10_000,
        '{"a":' * 10_000,
    ],
)
def test_other_json_stays_as_it_was_printed(message: str) -> None:
    assert (_line(message)["event"], _line(message)["level"]) == (message, "info")


@given(JSON)
def test_reported_result_round_trip(value: object) -> None:
    lines = ["before", f"{RESULT_MARKER} {json.dumps(value)}", "after"]
    assert reported_result(lines) == value


@pytest.mark.parametrize(
    ("lines", "result"),
    [
        ([], None),
        (["no marker"], None),
        ([f"{RESULT_MARKER} 1", f"{RESULT_MARKER} 2"], 2),
        ([f"2026-03-01 INFO {RESULT_MARKER}[1]"], [1]),
        ([f"{RESULT_MARKER} no json"], "no json"),
        ([f"{RESULT_MARKER}"], ""),
        ([f"{RESULT_MARKER} NaN"], "NaN"),
        ([f"{RESULT_MARKER} {'[' * 100_000}"], "[" * 100_000),
        ([f"{RESULT_MARKER} {'[' * 100_000}{']' * 100_000}"], "[" * 100_000 + "]" * 100_000),
        ([f"{RESULT_MARKER} {'9' * 5000}"], "9" * 5000),
        ([f"{RESULT_MARKER} half a pair \ud83d"], "half a pair \ud83d"),
        (["::jetbridge:result: 1"], None),
    ],
)
def test_result_marker(lines: list[str], result: object) -> None:
    assert reported_result(lines) == result


@pytest.mark.parametrize(
    ("lines", "result"),
    [
        (["a", "b", "  ", ""], "b"),
        ([], None),
        ([" "], None),
        ([f"{RESULT_MARKER} 1", "b"], 1),
        ([f"{RESULT_MARKER} false", "b"], False),
    ],
)
def test_last_line_stands_in_for_a_missing_marker(lines: list[str], result: object) -> None:
    assert reported_result(lines, last_line=True) == result


def test_ecs_stream_is_prefix_container_task_id() -> None:
    assert log_streams(ended_run("ecs_two_containers"), "eu-central-1") == [
        LogStream(
            container=name,
            group="/ecs/report",
            stream=f"report/{name}/{TASK}",
            region="eu-central-1",
        )
        for name in ("main", "proxy")
    ]


def test_ecs_stream_without_prefix_is_the_runtime_id() -> None:
    source = LogSource(container="main", driver="awslogs", group="g", region="us-east-1")
    run = ended_run("ecs_stopped_exit_0", definition=Definition(arn="a", log_sources=[source]))
    [stream] = log_streams(run, "eu-central-1")
    assert (stream.stream, stream.region) == (f"{TASK}-1527056392", "us-east-1")


def test_batch_streams_are_numbered_by_attempt() -> None:
    streams = log_streams(ended_run("batch_failed_two_attempts"), "eu-central-1")
    assert [stream.attempt for stream in streams] == [1, 2]
    assert {stream.group for stream in streams} == {"/aws/batch/job"}
    assert len({stream.stream for stream in streams}) == 2


def test_other_log_drivers_have_no_streams_and_are_named() -> None:
    source = LogSource(container="main", driver="awsfirelens")
    run = ended_run("ecs_stopped_exit_0", definition=Definition(arn="a", log_sources=[source]))
    assert log_streams(run, "eu-central-1") == []
    assert unread_containers(run.definition) == [source]
    assert unread_containers(DEFINITIONS["ecs"]) == []
    assert unread_containers(None) == []


def test_containers_that_the_definition_does_not_know_have_no_stream() -> None:
    run = ended_run("ecs_two_containers")
    definition = Definition(arn="a", log_sources=DEFINITIONS["ecs"].log_sources[:1])
    streams = log_streams(replace(run, definition=definition), "r")
    assert [stream.container for stream in streams] == ["main"]


def test_no_streams_before_the_end_or_without_a_launch() -> None:
    assert log_streams(launched_run(), "r") == []
    assert log_streams(ended_run("ecs_stopped_exit_0", backend_id=None), "r") == []
    assert log_streams(ended_run("ecs_stopped_exit_0", definition=None), "r") == []
