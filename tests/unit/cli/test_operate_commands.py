"""show, logs, watch, stop and retry on a stack in moto; Jetbridge's functions answer as told."""

import io
import json
import time
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from cli_stack import Bridge, client
from interception import intercept
from msgspec.structs import replace
from operated import CLUSTER_TASK, GROUP, NOW, SECRET, airflow, failed, outcome_of, run_of

from jetbridge.contract import Cause, Death, LogStream, StartRequest, decode
from jetbridge.runs.reports import Ending, LogName
from jetbridge.runs.run import Status
from jetbridge_cli.operate import following

STREAM = f"ecs/main/{CLUSTER_TASK.rpartition('/')[2]}"
# CloudWatch Logs takes no lines that are older than 14 days (API reference of PutLogEvents).
PRINTED = int(time.time()) - 60
EARLIER = "arn:aws:ecs:eu-west-1:123456789012:task/etl/11111111111111111111111111111111"


def finished(bridge: Bridge, key: str = "k", **fields: Any) -> str:
    """A run whose first launch was lost, and whose second has ended."""
    death = Death(
        launch=1, cause=Cause.HOST_LOSS, reason="host gone", backend_id=EARLIER, at=NOW + 5
    )
    run = run_of(key, **fields)
    bridge.accepted(
        run,
        status=Status.ENDED,
        launch=2,
        deaths=[death],
        backend_id=CLUSTER_TASK,
        launched_at=NOW + 6,
        ended_at=NOW + 11,
        ending=Ending(
            code="EssentialContainerExited", log_names=[LogName(container="main", name="x")]
        ),
    )
    return bridge.sealed(failed(outcome_of(run, at=12, launches=2, deaths=[death])))


def printed(stream: str, *lines: tuple[int, str]) -> None:
    logs = client("logs")
    if not logs.describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"]:
        logs.create_log_group(logGroupName=GROUP)
    logs.create_log_stream(logGroupName=GROUP, logStreamName=stream)
    events = [{"timestamp": PRINTED * 1000 + at, "message": text} for at, text in lines]
    logs.put_log_events(logGroupName=GROUP, logStreamName=stream, logEvents=events)


def functions_answer(monkeypatch: pytest.MonkeyPatch, *answers: Any) -> list[Any]:
    """Payloads that the functions are asked with; each answer is a function's, or its error."""
    asked: list[Any] = []
    given = iter(answers)

    def answer(operation: str, arguments: dict[str, Any]) -> Any:
        if operation != "Invoke":
            return None
        asked.append((arguments.get("Qualifier"), json.loads(arguments["Payload"])))
        said = next(given)
        failure = {"FunctionError": "Unhandled"} if "errorMessage" in said else {}
        return {"Payload": io.BytesIO(json.dumps(said).encode()), **failure}

    intercept(monkeypatch, answer)
    return asked


def test_show_tells_the_whole_story_without_secrets(bridge: Bridge) -> None:
    run_id = finished(bridge)
    told = bridge.json("show", run_id)
    assert [each["what"].partition(":")[0] for each in told["story"] if each["at"] >= NOW] == [
        "accepted",
        "launch 1 died",
        "AWS has taken launch 2",
        "the containers run",
        "AWS says",
        "Jetbridge has recorded the end",
        "the outcome is sealed",
    ]
    assert any("launch 1 died: host_loss: host gone" in each["what"] for each in told["story"])
    assert [each["launch"] for each in told["log"]] == [1, 2]
    text = bridge.call("show", run_id).stdout
    for shown in (run_id, "failed (application_exit)", "exit code: main 3", STREAM, "(redacted)"):
        assert shown in text
    assert SECRET not in text + json.dumps(told)


def test_logs_are_those_of_all_launches_in_order(bridge: Bridge) -> None:
    run_id = finished(bridge)
    printed(f"ecs/main/{EARLIER.rpartition('/')[2]}", (0, "one"), (2000, "three"))
    printed(STREAM, (1000, "two"), (3000, "\x1b[31mfour"))
    lines = bridge.call("logs", run_id).stdout.splitlines()
    assert [line.partition("  ")[2] for line in lines] == ["one", "two", "three", " [31mfour"]
    assert ["main/1.1" in line for line in lines] == [True, False, True, False]
    assert bridge.call("logs", run_id, "--grep", "^t").stdout.count("\n") == 2
    since = datetime.fromtimestamp(PRINTED + 2, UTC).isoformat()
    assert bridge.call("logs", run_id, "--since", since).stdout.count("\n") == 2


def test_a_stream_that_is_not_there_keeps_none_from_being_read(bridge: Bridge) -> None:
    run_id = finished(bridge)
    printed(STREAM, (0, "here"))
    assert "here" in bridge.call("logs", run_id).stdout


def test_lines_are_read_in_the_region_that_the_definition_names(bridge: Bridge) -> None:
    run = run_of("k")
    elsewhere = LogStream(container="main", group=GROUP, stream="s", region="us-east-1")
    run_id = bridge.sealed(replace(outcome_of(run, at=12), log_streams=[elsewhere]))
    logs = boto3.client("logs", region_name="us-east-1")
    logs.create_log_group(logGroupName=GROUP)
    logs.create_log_stream(logGroupName=GROUP, logStreamName="s")
    events: Any = [{"timestamp": PRINTED * 1000, "message": "far away"}]
    logs.put_log_events(logGroupName=GROUP, logStreamName="s", logEvents=events)
    assert "far away" in bridge.call("logs", run_id).stdout


@pytest.mark.parametrize("grep", ["[", "(?P<"])
def test_a_bad_expression_is_named(bridge: Bridge, grep: str) -> None:
    result = bridge.call("logs", "x", "--grep", grep)
    assert (result.exit_code, "--grep" in result.stderr) == (1, True)


@pytest.mark.parametrize("text", ["", "x" * 2049])
def test_an_impossible_key_names_no_run(bridge: Bridge, text: str) -> None:
    result = bridge.call("show", text)
    assert result.exit_code == 1
    assert "there is no such run" in result.stderr


@pytest.mark.parametrize("ended", [True, False])
@pytest.mark.parametrize("change", ["typo", "part", "capitals"])
def test_a_misspelt_run_id_is_recognised(bridge: Bridge, ended: bool, change: str) -> None:
    run = run_of("one")
    bridge.accepted(run)
    if ended:
        bridge.sealed(outcome_of(run))
    misspelt = {
        "typo": f"{run.run_id[:7]}{'a' if run.run_id[7] != 'a' else 'b'}{run.run_id[8:]}",
        "part": run.run_id[:6],
        "capitals": run.run_id.upper(),
    }[change]
    result = bridge.call("show", misspelt)
    assert result.exit_code == 1
    assert f"did you mean {run.run_id}?" in result.stderr
    other = bridge.call("show", "nothing-like-it").stderr
    assert "did you mean" not in other


@pytest.mark.parametrize("command", ["show", "logs", "watch", "retry"])
def test_an_unknown_run_is_named(bridge: Bridge, command: str) -> None:
    result = bridge.call(command, "mzxw6ytboi4dgmrtgq2t")
    assert result.exit_code == 1
    assert "'mzxw6ytboi4dgmrtgq2t': there is no such run" in result.stderr


def test_watch_ends_as_the_run_does(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_of("later")
    run_id = bridge.accepted(run)
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            bridge.sealed(failed(outcome_of(run)))

    monkeypatch.setattr(following.follow, "__kwdefaults__", {"sleep": sleep})
    result = bridge.call("watch", run_id)
    assert result.exit_code == 4
    assert result.stderr.count("accepted") == 1
    assert bridge.call("watch", bridge.accepted(run_of("x")), "--timeout", "0").exit_code == 6


def test_stop_needs_to_know_which(bridge: Bridge) -> None:
    for options in ([], ["a", "--all"], ["--dag", "d", "--all"]):
        result = bridge.call("stop", *options)
        assert (result.exit_code, "one of the three" in result.stderr) == (1, True)


def test_many_are_stopped_in_hundreds(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    run_ids = [bridge.accepted(run_of(f"n{number}", airflow())) for number in range(101)]
    bridge.accepted(run_of("others", airflow("other")))
    empty: dict[str, Any] = {"already_ended": [], "unknown": []}
    refused = {"stopping": run_ids[:1], "refused": {run_ids[1]: "denied"}}
    asked = functions_answer(monkeypatch, {"stopping": run_ids[:99], **empty}, empty | refused)
    result = bridge.call("stop", "--dag", "sales", "--yes")
    assert result.exit_code == 3
    assert f"{run_ids[1]}: not stopped: denied" in result.stderr
    assert [len(payload["run_ids"]) for _, payload in asked] == [100, 1]
    assert sorted(asked[0][1]["run_ids"] + asked[1][1]["run_ids"]) == sorted(run_ids)
    assert all(payload["by"] and payload["reason"] for _, payload in asked)


def test_a_retry_is_the_same_request_of_a_person(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = run_of("first", airflow())
    run = replace(run, request=replace(run.request, airflow="default", finish="rest"))
    bridge.accepted(run, status=Status.ENDED)
    bridge.sealed(failed(outcome_of(run)))
    answer = {"run_id": "new", "duplicate": False, "outcomes_table": "t", "stop_function": "s"}
    asked = functions_answer(monkeypatch, answer | {"region": "r", "warnings": ["mind the gap"]})
    result = bridge.call("retry", run.run_id, "--key", "second")
    assert result.stdout == "new\n"
    assert "warning: mind the gap" in result.stderr
    [(alias, payload)] = asked
    request = decode(StartRequest, payload)
    assert (alias, request.key) == ("person", "person-key/second")
    assert request.run_task == run.request.run_task
    assert (request.finish, request.log_target) == (None, None)


def test_a_run_in_progress_is_not_retried(bridge: Bridge) -> None:
    result = bridge.call("retry", bridge.accepted(run_of("on")))
    assert (result.exit_code, "is unfinished (accepted)" in result.stderr) == (1, True)


def test_what_start_run_refuses_is_said(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    functions_answer(monkeypatch, {"errorMessage": "run_task.cluster: is not allowed. Allow it"})
    result = bridge.call("run", "--task-definition", "t", "--cluster", "c")
    assert result.exit_code == 125
    assert "run_task.cluster: is not allowed. Allow it" in result.stderr
