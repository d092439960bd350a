"""``jetbridge runs`` on the tables of a stack in moto."""

import json
import random
from typing import Any

import pytest
from cli_stack import Bridge, client
from interception import deny
from msgspec.structs import replace
from operated import NOW, REPORT, airflow, failed, outcome_of, run_of, schedule

from jetbridge.contract import Cause, Launched, PersonCaller, State
from jetbridge.outcomes.dynamodb import DynamoOutcomes
from jetbridge.runs.run import Status
from jetbridge_cli.aws import Aws
from jetbridge_cli.operate.filters import Filter
from jetbridge_cli.operate.listing import page_of
from jetbridge_cli.operate.record import Record
from jetbridge_cli.operate.tables import Tables


def ids(bridge: Bridge, *arguments: str) -> list[str]:
    return [each["run_id"] for each in bridge.json("runs", *arguments)["runs"]]


@pytest.fixture
def history(bridge: Bridge) -> dict[str, str]:
    """Six runs; names say what they are."""
    waits = run_of("waits", airflow("sales"))
    runs = run_of("runs", PersonCaller("grace"), created_at=NOW + 1)
    ended = {
        "sold": (run_of("sold", airflow("sales")), {"at": 10}),
        "nightly": (run_of("nightly", schedule()), {"at": 20}),
        "adas": (run_of("adas"), {"at": 30}),
        "lost": (run_of("lost", airflow("stock", "count")), {"at": 40}),
    }
    names = {"waits": bridge.accepted(waits)}
    names["runs"] = bridge.accepted(
        runs, status=Status.LAUNCHED, backend_status="RUNNING", backend_id="arn"
    )
    for name, (run, times) in ended.items():
        bridge.accepted(run, status=Status.ENDED)
        outcome = outcome_of(run, **times)
        names[name] = bridge.sealed(failed(outcome, Cause.LOST) if name == "lost" else outcome)
    return names


def test_those_that_go_on_come_first_then_the_newest(
    bridge: Bridge, history: dict[str, str]
) -> None:
    order = ["runs", "waits", "lost", "adas", "nightly", "sold"]
    assert ids(bridge) == [history[name] for name in order]
    assert ids(bridge, "--sort", "oldest") == [
        history[name] for name in ["waits", "runs", *order[:1:-1]]
    ]


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (["--state", "failed"], ["lost"]),
        (["--state", "unfinished"], ["runs", "waits"]),
        (["--state", "running"], ["runs"]),
        (["--state", "Succeeded", "--state", "accepted"], ["waits", "adas", "nightly", "sold"]),
        (["--cause", "lost"], ["lost"]),
        (["--caller", "airflow"], ["waits", "lost", "sold"]),
        (["--caller", "nightly"], ["nightly"]),
        (["--caller", "grace"], ["runs"]),
        (["--dag", "sales"], ["waits", "sold"]),
        (["--dag", "stock", "--task", "count"], ["lost"]),
        (["--definition", "report", "--state", "finished", "--until", "2026-11-23"], []),
        (["--definition", "report:8"], []),
        (["--definition", "report:7", "--cause", "completed"], ["adas", "nightly", "sold"]),
    ],
)
def test_filters(
    bridge: Bridge, history: dict[str, str], options: list[str], names: list[str]
) -> None:
    assert ids(bridge, *options) == [history[name] for name in names]


def test_pages_show_each_run_once(bridge: Bridge) -> None:
    """Runs that were sealed at the same moment are on one page each, too."""
    wanted = []
    for number in range(23):
        run = run_of(f"n{number}")
        bridge.accepted(run)
        wanted.append(bridge.sealed(outcome_of(run, at=random.Random(number).randrange(5))))
    seen: list[str] = []
    options: list[str] = []
    while True:
        page = bridge.json("runs", "--limit", "5", *options)
        seen += [each["run_id"] for each in page["runs"]]
        if page["next"] is None:
            break
        options = ["--next", page["next"]]
    assert sorted(seen) == sorted(wanted)
    assert len(seen) == 23


def test_longest_looks_at_all(bridge: Bridge) -> None:
    for seconds in (5, 50, 20):
        run = run_of(f"s{seconds}")
        bridge.accepted(run)
        bridge.sealed(outcome_of(run, stopped_at=f"2026-11-23T01:00:{7 + seconds:02}.120Z"))
    page = bridge.json("runs", "--sort", "longest", "--limit", "2")
    assert [each["seconds"] for each in page["runs"]] == [50.0, 20.0]
    assert page["next"] is None


def test_a_pipe_has_whole_lines_without_colours(bridge: Bridge, history: dict[str, str]) -> None:
    result = bridge.call("runs")
    lines = result.stdout.splitlines()
    assert len(lines) == 7
    assert "\x1b" not in result.stdout
    for name in history:
        assert sum(history[name] in line for line in lines) == 1
    assert "stock.count try 1" in lines[3]


def test_a_sealed_run_whose_row_lags_behind_is_shown_once(bridge: Bridge) -> None:
    run = run_of("sealed")
    bridge.accepted(run, status=Status.ENDED)
    DynamoOutcomes(client("dynamodb"), bridge.tables["OutcomesTable"]).seal(outcome_of(run))
    [shown] = bridge.json("runs")["runs"]
    assert shown["state"] == State.SUCCEEDED


def test_a_row_that_cannot_be_read_is_shown_as_such(bridge: Bridge) -> None:
    run_id = bridge.accepted(run_of("bad"))
    client("dynamodb").update_item(
        TableName=bridge.tables["RunsTable"],
        Key={"run_id": {"S": run_id}},
        UpdateExpression="SET #request = :bad",
        ExpressionAttributeNames={"#request": "request"},
        ExpressionAttributeValues={":bad": {"S": "[1"}},
    )
    [shown] = bridge.json("runs")["runs"]
    assert (shown["run_id"], shown["state"]) == (run_id, "unreadable")
    assert run_id in shown["problem"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--state", "faild"], "--state: there is no 'faild': did you mean failed?"),
        (["--cause", "aliens"], "--cause: there is no 'aliens': there are completed"),
        (["--since", "yesterday"], "--since: 'yesterday' isn't a time: give how long ago"),
        (["--next", "page2"], "--next: 'page2' isn't one"),
        (["--next", "1/a", "--sort", "longest"], "has no pages: give a larger --limit"),
    ],
)
def test_bad_options_are_named(bridge: Bridge, options: list[str], says: str) -> None:
    result = bridge.call("runs", *options)
    assert result.exit_code == 1
    assert says in result.stderr


def test_a_denial_names_the_right(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    deny(monkeypatch, "Query")
    result = bridge.call("runs")
    assert result.exit_code == 1
    assert "AWS denies Query" in result.stderr
    assert json.loads(bridge.call("runs", "--output", "json").stdout or "null") is None


def test_keys_that_dynamodb_leaves_out_are_asked_for_again(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = run_of("slow")
    bridge.accepted(run)
    bridge.sealed(outcome_of(run))
    aws = Aws(region="eu-west-1")
    original = aws.dynamodb.batch_get_item
    answers = iter([True, True, False])

    def batch_get_item(**arguments: Any) -> object:
        if next(answers, False):
            return {"Responses": {}, "UnprocessedKeys": arguments["RequestItems"]}
        return original(**arguments)

    monkeypatch.setattr(aws.dynamodb, "batch_get_item", batch_get_item)
    pauses: list[float] = []
    tables = Tables(aws, bridge.tables["RunsTable"], bridge.tables["OutcomesTable"], pauses.append)
    [record] = page_of(tables, Filter(states=frozenset({"succeeded"})), 10).records
    assert record.definition == REPORT.rpartition("/")[2]
    assert pauses == [0.05, 0.1]


@pytest.mark.parametrize(
    ("launch", "started", "state"),
    [(1, True, "running"), (1, False, "launched"), (2, True, "launched")],
)
def test_a_run_is_running_as_soon_as_the_launched_record_says_so(
    launch: int, started: bool, state: str
) -> None:
    """track_run writes no row for RUNNING; a record of an earlier launch says nothing."""
    row = replace(run_of("runs"), status=Status.LAUNCHED, backend_id="arn", launch=launch)
    launched = Launched(
        run_id=row.run_id,
        backend="ecs",
        region="us-east-1",
        backend_id="arn",
        launch=1,
        launched_at=NOW,
        started_at="2026-11-28T10:00:00Z" if started else None,
    )
    assert Record(run_id=row.run_id, row=row, launched=launched).state == state
