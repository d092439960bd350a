"""What all commands share: terminals, pipes, no terminal, completion."""

import io
import subprocess
import sys
from typing import Any

import pytest
from cli_stack import Bridge, client
from operated import outcome_of, run_of
from rich.cells import cell_len
from rich.console import Console
from typer.testing import CliRunner

from jetbridge_cli import asking, writing
from jetbridge_cli.main import app

TERMINAL = {"FORCE_COLOR": "1", "TERM": "xterm-256color", "COLUMNS": "80"}
WORDS = "a long reason that has to be broken somewhere " * 4


def table(monkeypatch: pytest.MonkeyPatch, columns: int, rows: list[list[str]]) -> list[str]:
    """What a terminal of so many columns shows."""
    written = io.StringIO()

    def console(**options: Any) -> Console:
        shown: dict[str, Any] = {"file": written, "width": columns, "color_system": None}
        return Console(force_terminal=True, **shown, **options)

    monkeypatch.setattr(writing, "Console", console)
    writing.write_table(["message", "run", "why"], rows, whole=["message", "run"])
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
    assert "Nobody can be asked here: say --yes" in result.stderr
    assert bridge.bodies("FinishDeadLetters") == [{"run_id": "r"}]


def test_a_no_changes_nothing(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
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
