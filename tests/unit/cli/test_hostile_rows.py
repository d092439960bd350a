"""What the tables and queues hold came from others: one odd row or message changes none but its own
line, and nothing that it holds acts on the terminal."""

import json
import re
from typing import Any

import pytest
from cli_stack import Bridge, client
from hypothesis import given
from hypothesis import strategies as some
from msgspec.structs import replace
from operated import NOW, outcome_of, run_of

from jetbridge.contract import encode
from jetbridge_cli.writing import shown

# What a terminal acts on: a new title, the clipboard, a cleared screen, an overwritten line, a
# link, the eight-bit form of the same, text that runs backwards.
HOSTILE = (
    "\x1b]0;owned\x07 \x1b]52;c;cm0gLXJm\x07 \x1b[2J \rfake \x1b]8;;http://x\x1b\\link \x9b31m "
    "\u202eback\x7f"
)
ACTS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


@given(some.text())
def test_nothing_in_a_text_acts_on_the_terminal(text: str) -> None:
    assert not ACTS.search(shown(text))
    if text.replace("\n", "").replace("\t", "").isprintable():
        assert shown(text) == text


def test_show_prints_a_containers_lines_as_text(bridge: Bridge) -> None:
    run_id = bridge.accepted(run_of("k"))
    outcome = outcome_of(run_of("k"), last_lines=[HOSTILE], reason=HOSTILE, stopped_by=HOSTILE)
    bridge.sealed(outcome)
    for command in (["show", run_id], ["runs"], ["watch", run_id]):
        result = bridge.call(*command)
        assert result.exit_code == 0
        assert not ACTS.search(result.output)
    assert "fake" in bridge.call("show", run_id).stdout


@pytest.mark.parametrize("body", [HOSTILE, json.dumps({"run_id": HOSTILE, "odd": HOSTILE})])
def test_a_dead_letter_is_printed_as_text(bridge: Bridge, body: str) -> None:
    reason: Any = {"JETBRIDGE_REASON": {"DataType": "String", "StringValue": HOSTILE}}
    [sent] = bridge.send("FinishDeadLetters", body, MessageAttributes=reason)
    for command in (["dead-letters", "show"], ["dead-letters", "show", sent]):
        result = bridge.call(*command)
        assert result.exit_code == 0
        assert not ACTS.search(result.output)


ODD_TIMES = [
    {"started_at": "yesterday"},
    {"started_at": "2026-02-30T00:00:00Z", "stopped_at": "24:61"},
    {"started_at": "2026-11-23T01:00:07", "stopped_at": "9999-12-31T23:59:59.999999-23:59"},
    {"stopped_at": ""},
    {"finished_at": 1e300},
    {"finished_at": -1e300},
    {"deaths": [{"launch": 1, "cause": "lost", "reason": "", "backend_id": None, "at": 1e18}]},
    {"log_streams": None},
]


@pytest.mark.parametrize("odd", ODD_TIMES, ids=str)
def test_an_outcome_with_odd_times_is_one_line(bridge: Bridge, odd: dict[str, Any]) -> None:
    good = bridge.sealed(outcome_of(run_of("good")))
    bridge.accepted(run_of("odd"))
    bad = bridge.sealed(outcome_of(run_of("odd"), at=5))
    client("dynamodb").update_item(
        TableName=bridge.tables["OutcomesTable"],
        Key={"run_id": {"S": bad}},
        UpdateExpression="SET outcome = :odd",
        ExpressionAttributeValues={
            ":odd": {"S": json.dumps(json.loads(encode(outcome_of(run_of("odd"), at=5))) | odd)}
        },
    )
    since = ["--since", "2026-11-20"]
    assert {each["run_id"] for each in bridge.json("runs", *since)["runs"]} == {good, bad}
    for command in (["runs", *since], ["show", bad], ["cost", *since]):
        result = bridge.call(*command)
        assert result.exit_code == 0, (command, result.output, result.exception)
    assert good in bridge.call("report", *since, "-").stdout


@pytest.mark.parametrize("field", ["created_at", "launched_at", "ended_at", "not_before"])
def test_a_row_with_an_odd_time_is_one_line(bridge: Bridge, field: str) -> None:
    good = bridge.accepted(run_of("good"))
    bad = bridge.accepted(replace(run_of("odd"), created_at=NOW - 5))
    client("dynamodb").update_item(
        TableName=bridge.tables["RunsTable"],
        Key={"run_id": {"S": bad}},
        UpdateExpression="SET #field = :odd",
        ExpressionAttributeNames={"#field": field},
        ExpressionAttributeValues={":odd": {"N": "9E+100"}},
    )
    shown = {each["run_id"]: each["state"] for each in bridge.json("runs")["runs"]}
    assert shown == {good: "accepted", bad: "unreadable"}
    for command in (["runs"], ["show", bad], ["report", "-"]):
        assert bridge.call(*command).exit_code == 0
