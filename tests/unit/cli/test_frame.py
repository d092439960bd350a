"""What all commands share: terminals, pipes, no terminal, completion."""

import io
import subprocess
import sys
from typing import Any

import pytest
import typer
from botocore.exceptions import ClientError
from cli_stack import Bridge, client
from hypothesis import given
from hypothesis import strategies as some
from operated import outcome_of, run_of
from rich.cells import cell_len
from rich.console import Console
from typer.testing import CliRunner

from jetbridge_cli import asking, problems, tables, writing
from jetbridge_cli.main import app

TERMINAL = {"FORCE_COLOR": "1", "TERM": "xterm-256color", "COLUMNS": "80"}
WORDS = "a long reason that has to be broken somewhere " * 4


def table(monkeypatch: pytest.MonkeyPatch, columns: int, rows: list[list[str]]) -> list[str]:
    """What a terminal of this width shows."""
    written = io.StringIO()

    def console(**options: Any) -> Console:
        shown: dict[str, Any] = {"file": written, "width": columns, "color_system": None}
        return Console(force_terminal=True, **shown, **options)

    for module in (tables, writing):
        monkeypatch.setattr(module, "Console", console)
    tables.write_table(["message", "run", "why"], rows, whole=["message", "run"])
    return written.getvalue().splitlines()


@pytest.mark.parametrize("columns", [60, 80, 200])
def test_ids_stay_whole_on_a_terminal(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    message, run = "7c1f0000-1111-2222-3333-444455556666", "mzxw6ytboi4dgmrtgq2t"
    lines = table(monkeypatch, columns, [[message, run, WORDS], [message, "", "short"]])
    text = "\n".join(lines)
    assert text.count(message) == 2
    assert text.count(run) == 1
    if columns > 60:
        assert all(cell_len(line) <= columns for line in lines)
    for word in WORDS.split():
        assert word[:4] in text


@pytest.mark.parametrize("columns", [60, 80, 200])
def test_an_id_in_a_sentence_stays_whole(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    arn = (
        "arn:aws:ecs:us-east-1:000000000000:task/jetbridge-example/4f5cb8fb075c4de880d8ccee0ddda93e"
    )
    lines = table(monkeypatch, columns, [["m", "r", f"launch 1 died: {arn} is gone"]])
    assert "\n".join(lines).count(arn) == 1


def test_a_terminal_has_colours_and_a_pipe_has_none(bridge: Bridge) -> None:
    bridge.send("FinishDeadLetters", {"run_id": "mzxw6ytboi4dgmrtgq2t"})
    [message] = client("sqs").receive_message(
        QueueUrl=bridge.queues["FinishDeadLetters"], VisibilityTimeout=0
    )["Messages"]
    command = ["dead-letters", "show", message["MessageId"], "--stack", "bridge"]
    command += ["--region", "eu-west-1"]
    assert "\x1b[" in CliRunner().invoke(app, command, env=TERMINAL).stdout
    assert "\x1b" not in CliRunner().invoke(app, command).stdout


def test_a_message_in_a_pipe_is_whole(bridge: Bridge) -> None:
    long = "x" * 500
    [message_id] = bridge.send("FinishDeadLetters", {"run_id": long})
    shown = bridge.call("dead-letters", "show", message_id).stdout
    assert f'"run_id": "{long}"' in shown.splitlines()[-2]


def test_nothing_asks_where_there_is_no_terminal(bridge: Bridge) -> None:
    [message_id] = bridge.send("FinishDeadLetters", {"run_id": "r"})
    result = bridge.call("dead-letters", "drop", message_id)
    assert result.exit_code == 1
    assert "Standard input isn't a terminal, so nobody can answer: say --yes" in result.stderr
    assert bridge.bodies("FinishDeadLetters") == [{"run_id": "r"}]


def test_the_answer_no_changes_nothing(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "can_ask", lambda: True)
    [message_id] = bridge.send("FinishDeadLetters", {"run_id": "r"})
    command = ["dead-letters", "drop", message_id, "--stack", "bridge", "--region", "eu-west-1"]
    assert CliRunner().invoke(app, command, input="n\n").exit_code == 1
    assert bridge.bodies("FinishDeadLetters") == [{"run_id": "r"}]
    assert CliRunner().invoke(app, command, input="y\n").exit_code == 0
    assert bridge.bodies("FinishDeadLetters") == []


def test_the_endpoint_takes_all_calls(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_of("there")
    bridge.accepted(run)
    bridge.sealed(outcome_of(run))
    result = bridge.call("runs", "--endpoint", "http://127.0.0.1:9")
    assert result.exit_code == 1
    assert "http://127.0.0.1:9" in result.stderr


def program(*arguments: str, **variables: str) -> subprocess.Popen[bytes]:
    """The command as a process of its own, which has no AWS credentials."""
    environment = {"PATH": "/usr/bin:/bin", "AWS_EC2_METADATA_DISABLED": "true", **variables}
    return subprocess.Popen(
        [sys.executable, "-m", "jetbridge_cli", *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@pytest.mark.parametrize("arguments", [("verify", "--list"), ("runs", "--help")])
def test_a_closed_pipe_is_no_error(arguments: tuple[str, ...]) -> None:
    process = program(*arguments)
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == b""
    process.wait(60)


@pytest.mark.parametrize("arguments", [("verify", "--list"), ("runs", "--help")])
def test_a_terminal_of_ascii_alone(arguments: tuple[str, ...]) -> None:
    output, errors = program(*arguments, PYTHONIOENCODING="ascii").communicate(timeout=60)
    assert errors == b""
    assert output.decode("ascii")


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"AWS_REGION": "eu-west-1"}, "no AWS credentials: give --profile"),
        ({"AWS_REGION": "eu-west-1", "AWS_PROFILE": "nobody"}, "aws configure list-profiles"),
        ({"AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL": "localhost:4566"}, "'localhost:4566'"),
        ({}, "no AWS region: give --region"),
        ({"AWS_DEFAULT_REGION": ""}, "no AWS region: give --region"),
    ],
)
def test_what_is_missing_is_said_with_its_fix(variables: dict[str, str], said: str) -> None:
    process = program("runs", AWS_CONFIG_FILE="/dev/null", HOME="/nonexistent", **variables)
    output, errors = process.communicate(timeout=60)
    assert (process.returncode, output) == (1, b"")
    assert errors.startswith(b"error: ")
    assert said in errors.decode()


@pytest.mark.parametrize("text", ["[/a", "[red]", ":100:", "a[b", "\ud800"])
def test_an_error_is_shown_as_it_is(text: str, capfd: pytest.CaptureFixture[str]) -> None:
    """Nothing in it is Rich's markup, or an emoji's name."""
    with pytest.raises(typer.Exit) as ended, problems.reported(7):
        raise problems.Problem(text)
    assert ended.value.exit_code == 7
    assert capfd.readouterr().err == f"error: {writing.shown(text)}\n"


@pytest.mark.parametrize("code", ["ExpiredToken", "ExpiredTokenException", "RequestExpired"])
def test_credentials_that_have_expired(code: str) -> None:
    error = ClientError({"Error": {"Code": code, "Message": "It is too old"}}, "Query")
    assert "log in again" in problems.in_words(error)


@given(widths=some.lists(some.integers(0, 60), min_size=1, max_size=9), room=some.integers(20, 120))
def test_lines_of_a_row_fit_and_have_each_column_once(widths: list[int], room: int) -> None:
    lines = tables.lines_of(widths, room)
    if lines:
        assert [column for line in lines for column in line] == list(range(len(widths)))
    for number, line in enumerate(lines):
        taken = sum(widths[column] for column in line) + writing.GAP * (len(line) - 1)
        assert taken + (writing.GAP if number else 0) <= room


@given(
    columns=some.lists(some.tuples(some.integers(1, 40), some.integers(0, 40)), min_size=1),
    spare=some.integers(0, 100),
)
def test_the_room_is_shared_among_the_columns(columns: list[tuple[int, int]], spare: int) -> None:
    least = [width for width, _ in columns]
    wanted = [width + more for width, more in columns]
    given_ = tables.shared(least, wanted, sum(least) + spare)
    assert sum(given_) == min(sum(wanted), sum(least) + spare)
    assert all(a <= b <= c for a, b, c in zip(least, given_, wanted, strict=True))


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_commands(shell: str) -> None:
    words = {"COMP_WORDS": "jetbridge ru", "COMP_CWORD": "1"}
    words |= {"_TYPER_COMPLETE_ARGS": "jetbridge ru", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    program = "from jetbridge_cli.main import app; app(prog_name='jetbridge')"
    answer = subprocess.run(
        [sys.executable, "-c", program],
        env=words | {"_JETBRIDGE_COMPLETE": f"complete_{shell}", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "runs" in answer.stdout, answer.stderr
