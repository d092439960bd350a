"""``--watch``, and JSON of ``verify``."""

import json
import re
from typing import Any

import pytest
from cli_stack import REGION, Bridge, client
from typer.testing import CliRunner

from jetbridge_cli import repeating
from jetbridge_cli.doctor import command as doctor
from jetbridge_cli.doctor.examination import Examination
from jetbridge_cli.doctor.finding import Finding
from jetbridge_cli.main import app
from jetbridge_cli.verify import removal


class Pauses:
    """Ends the watching with Ctrl-C after this many pauses."""

    def __init__(self, number: int) -> None:
        self.left = number
        self.seconds: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        self.left -= 1
        if not self.left:
            raise KeyboardInterrupt


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> Pauses:
    made = Pauses(3)
    real = repeating.again_and_again
    for module in (
        "dead_letters_command",
        "doctor.command",
        "operate.runs_command",
    ):
        monkeypatch.setattr(
            f"jetbridge_cli.{module}.again_and_again",
            lambda show, seconds: real(show, seconds, made),
        )
    return made


def test_dead_letters_are_counted_again(bridge: Bridge, pauses: Pauses) -> None:
    result = bridge.call("dead-letters", "list", "--watch")
    assert result.exit_code == 0
    assert result.stdout.count("FinishDeadLetters") == 3
    assert pauses.seconds == [10, 10, 10]


def test_each_look_at_the_dead_letters_is_a_new_one(bridge: Bridge, pauses: Pauses) -> None:
    real = pauses.__class__.__call__

    def send_and_pause(self: Pauses, seconds: float) -> None:
        bridge.send("FinishDeadLetters", {"run_id": "x"})
        real(self, seconds)

    pauses.__class__.__call__ = send_and_pause  # type: ignore[method-assign]
    try:
        result = bridge.call("dead-letters", "list", "--watch", "-o", "json")
    finally:
        pauses.__class__.__call__ = real  # type: ignore[method-assign]
    counts = r'"queue": "FinishDeadLetters",.*?"messages": (\d+)'
    found = re.findall(counts, result.stdout, re.DOTALL)
    assert found == ["0", "1", "2"]


def test_runs_are_listed_again(bridge: Bridge, pauses: Pauses) -> None:
    assert bridge.call("runs", "--watch").stdout.count("No such runs.") == 3


@pytest.mark.parametrize(("findings", "code"), [([], 0), ([1], 1)])
def test_doctors_exit_code_is_that_of_the_last_time(
    bridge: Bridge,
    pauses: Pauses,
    monkeypatch: pytest.MonkeyPatch,
    findings: list[int],
    code: int,
) -> None:
    finding = Finding(check="rules", subject="Rule", problem="gone.", fix="Fix.", section="rules")
    answers = iter([[finding], [], [finding] * len(findings)])

    def examined(*_: object) -> Examination:
        return Examination(findings=next(answers), unchecked=[], notes=[])

    monkeypatch.setattr(doctor, "examined", examined)
    result = bridge.call("doctor", "--watch")
    assert result.exit_code == code
    assert result.stdout.count("checks: ") == 3
    assert pauses.seconds == [60, 60, 60]


def test_doctor_starts_no_run_each_minute(bridge: Bridge, pauses: Pauses) -> None:
    result = bridge.call("doctor", "--watch", "--test", "run.json")
    assert result.exit_code == 2
    assert "--watch: it would start a run each minute" in result.stderr


def test_the_list_of_checks_is_json() -> None:
    result = CliRunner().invoke(app, ["verify", "--list", "-o", "json"])
    found: Any = json.loads(result.stdout)
    assert len(found) > 20
    assert all(each["check"] and each["proves"] for each in found)


def test_what_removal_left_is_json(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(removal.Removal, "__call__", lambda _: ["stack jbv-x: denied"])
    arguments = ["verify", "--remove", "jbv-x", "-o", "json", "--region", REGION]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 4
    assert json.loads(result.stdout) == {
        "name": "jbv-x",
        "found": False,
        "left": ["stack jbv-x: denied"],
    }
    assert client("cloudformation").describe_stacks()["Stacks"] == []
