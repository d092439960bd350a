"""``jetbridge schedules`` on EventBridge Scheduler in moto."""

import json
from pathlib import Path
from typing import Any

import pytest
from cli_stack import STACK, Bridge, client

ROLE = "arn:aws:iam::123456789012:role/scheduler"
TASK = {"run_task": {"cluster": "etl", "taskDefinition": "report:7", "launchType": "FARGATE"}}


@pytest.fixture
def request_file(tmp_path: Path) -> str:
    file = tmp_path / "request.json"
    file.write_text(json.dumps(TASK))
    return str(file)


def call(bridge: Bridge, *arguments: str) -> str:
    result = bridge.call("schedules", *arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


def made(bridge: Bridge, request_file: str, *options: str) -> dict[str, Any]:
    base = ["create", "nightly", request_file, "--expression", "cron(0 3 * * ? *)"]
    call(bridge, *base, "--role", ROLE, *options)
    return dict(client("scheduler").get_schedule(Name="nightly"))


def test_a_schedule_starts_runs_by_its_own_alias(bridge: Bridge, request_file: str) -> None:
    options = ["--timezone", "Europe/Berlin", "--flexible-minutes", "15"]
    schedule = made(bridge, request_file, *options)
    assert schedule["Target"]["Arn"].endswith(f":function:{STACK}-start-run:schedule")
    assert json.loads(schedule["Target"]["Input"]) == TASK | {
        "caller": {
            "kind": "schedule",
            "schedule_arn": "<aws.scheduler.schedule-arn>",
            "scheduled_time": "<aws.scheduler.scheduled-time>",
        }
    }
    [listed] = bridge.json("schedules", "list")
    assert [listed.pop("next")] == bridge.json("schedules", "next", "nightly", "--count", "1")
    assert [listed] == [
        {
            "name": "nightly",
            "group": "default",
            "state": "enabled",
            "when": "cron(0 3 * * ? *)",
            "time zone": "Europe/Berlin",
            "window": "15 min",
            "runs": "report:7",
        }
    ]


def test_pausing_and_resuming_keep_all_else(bridge: Bridge, request_file: str) -> None:
    before = made(bridge, request_file, "--flexible-minutes", "15")
    call(bridge, "pause", "nightly")
    paused = dict(client("scheduler").get_schedule(Name="nightly"))
    call(bridge, "resume", "nightly")
    after = dict(client("scheduler").get_schedule(Name="nightly"))
    assert paused["State"] == "DISABLED"
    kept = ("Target", "FlexibleTimeWindow", "ScheduleExpression", "State")
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}


def test_schedules_of_others_are_left_alone(bridge: Bridge) -> None:
    client("scheduler").create_schedule(
        Name="theirs",
        ScheduleExpression="rate(1 day)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={
            "Arn": "arn:aws:lambda:eu-west-1:123456789012:function:other-start-run:schedule",
            "RoleArn": ROLE,
        },
    )
    assert bridge.json("schedules", "list") == []
    for command in (["pause", "theirs"], ["delete", "theirs", "--yes"]):
        result = bridge.call("schedules", *command)
        assert (result.exit_code, "and not this stack" in result.stderr) == (1, True)
    assert client("scheduler").get_schedule(Name="theirs")["State"] == "ENABLED"


def test_a_schedule_is_deleted_after_a_yes(bridge: Bridge, request_file: str) -> None:
    made(bridge, request_file)
    refused = bridge.call("schedules", "delete", "nightly")
    assert (refused.exit_code, "say --yes" in refused.stderr) == (1, True)
    call(bridge, "delete", "nightly", "--yes")
    assert bridge.json("schedules", "list") == []
    gone = bridge.call("schedules", "resume", "nightly")
    assert (gone.exit_code, "there is no such schedule" in gone.stderr) == (1, True)


def test_a_bad_request_makes_no_schedule(bridge: Bridge, tmp_path: Path) -> None:
    file = tmp_path / "request.json"
    file.write_text(json.dumps(TASK | {"tail_lines": 1000}))
    base = ["schedules", "create", "bad", str(file), "--expression", "rate(1 day)"]
    result = bridge.call(*base, "--role", ROLE)
    assert (result.exit_code, "tail_lines" in result.stderr) == (1, True)
    assert client("scheduler").list_schedules()["Schedules"] == []


def test_a_paused_schedule_has_no_next_firing(bridge: Bridge, request_file: str) -> None:
    made(bridge, request_file)
    moments = bridge.json("schedules", "next", "nightly")
    assert (len(moments), moments) == (5, sorted(moments))
    assert {each[10:] for each in moments} == {"T03:00:00Z"}
    call(bridge, "pause", "nightly")
    assert bridge.json("schedules", "next", "nightly") == []
    assert "paused" in call(bridge, "next", "nightly")
    assert [each["next"] for each in bridge.json("schedules", "list")] == [None]


def test_what_cannot_be_computed_is_said(bridge: Bridge, request_file: str) -> None:
    base = ["create", "odd", request_file, "--role", ROLE, "--expression", "rate(5 minutes)"]
    call(bridge, *base)
    assert len(bridge.json("schedules", "next", "odd")) == 5
    schedule = dict(client("scheduler").get_schedule(Name="odd"))
    assert schedule["CreationDate"] == schedule["LastModificationDate"]
