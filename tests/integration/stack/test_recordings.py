"""Every command of `jetbridge`, recorded in a terminal of 80 columns and in a pipe, as an operator
on the local cloud with IAM enforced. docs/reference/recordings.md shows the recordings."""

import json
import os
import re
import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from deployed import REPORT, Deployed, ecs_task
from operating import COMMAND, Operator
from recordings import PAGE, Recorder, Recording, as_on_page, columns, on_page, page

ROOT = Path(__file__).parents[3]
RUN = "RUN"
"""In a command line: the id of a run that has ended."""
CLOUD = "CLOUD"
"""In a command line: the local cloud's folder."""
WHO = "ada"
"""Starts that run, and no other."""


@dataclass(frozen=True)
class Call:
    """A command line, and what docs/reference/cli.md says about its end.

    Attributes:
        code: the exit code.
        answers: what a person types after the prompts.
        in_repository: called in a clone of the repository, or else in a folder of the person's own.
        json: whether it has --output json.
        shell: needs to know from which shell it was called.
    """

    arguments: tuple[str, ...]
    code: int = 0
    answers: Mapping[str, str] = field(default_factory=dict)
    in_repository: bool = False
    json: bool = True
    shell: bool = False
    caller: str = "operator"


COMMANDS: dict[str, Call] = {
    "runs": Call(("runs", f"--caller={WHO}", "--since=1h")),
    "run": Call(
        (
            "run",
            "--cluster=jetbridge-example",
            "--task-definition=jetbridge-example-report",
            "--launch-type=FARGATE",
            "--subnet=subnet-0example",
            "--container=report",
            "--env=dag_run_ts=2026-11-23",
            "--env=dag_run_date=2026-11-23",
            "--env=seconds_per_line=0.01",
        )
    ),
    "show": Call(("show", RUN)),
    "show --replay": Call(("show", "--replay", RUN)),
    "logs": Call(("logs", RUN, "--grep=line [45]")),
    "watch": Call(("watch", RUN)),
    "stop": Call(("stop", RUN)),
    "retry": Call(("retry", RUN)),
    "cost": Call(("cost", "--by=task", f"--caller={WHO}")),
    "report": Call(("report", "report.html", "--since=1h")),
    "schedules list": Call(("schedules", "list")),
    "schedules next": Call(("schedules", "next", "recorded", "--count=2")),
    "schedules pause": Call(("schedules", "pause", "recorded")),
    "schedules resume": Call(("schedules", "resume", "recorded")),
    "dead-letters list": Call(("dead-letters", "list")),
    "dead-letters show": Call(("dead-letters", "show")),
    "replay": Call(("replay", "--dry-run")),
    "doctor": Call(("doctor",), 1),
    "init": Call(("init", "--yes", "--overwrite")),
    "adopt check": Call(("adopt", "check", "examples/adopt"), 3, in_repository=True),
    "verify": Call(
        ("verify", "--name=recorded"),
        1,
        {"Go on?": "n\n"},
        in_repository=True,
        json=False,
        caller="deployer",
    ),
    "local status": Call(("local", "status", "--state", CLOUD), json=False),
    "completion": Call(("--show-completion",), json=False, shell=True),
    "no such run": Call(("show", "a" * 20), 1, json=False),
    "no such option": Call(("runs", "--nonsense"), 2, json=False),
}
"""By their names on the page."""

PUSH = {"runs", "show", "schedules next", "dead-letters list", "no such run"}
"""Those that a push looks at in a pipe and as JSON; the others differ only in their texts."""

PUSH_IN_TERMINAL = {*PUSH, "logs", "show --replay", "stop", "cost", "no such option"}

QUOTES = ("doctor", "dead-letters show", "init")
"""Those that show texts of others, which may have an ellipsis of their own."""

TABLES = ("runs", "show", "cost", "dead-letters list")
"""Those whose columns are compared with the page's: what they show depends on no other test."""


def nightly_but(push: Collection[Any], names: Iterable[Any]) -> list[Any]:
    return [
        name if name in push else pytest.param(name, marks=pytest.mark.nightly) for name in names
    ]


@pytest.fixture(scope="module")
def operator(deployed: Deployed) -> Operator:
    return Operator(deployed)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the person's own."""
    return tmp_path_factory.mktemp("operator")


@pytest.fixture(scope="module")
def recorder(operator: Operator, folder: Path) -> Recorder:
    return recorder_of(operator.deployed, folder)


def recorder_of(deployed: Deployed, folder: Path, caller: str = "operator") -> Recorder:
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    programs = [COMMAND.parent, ROOT / ".venv/local/bin", ROOT / ".venv/sam/bin"]
    environment["PATH"] = os.pathsep.join([*map(str, programs), environment["PATH"]])
    airflow = {"JETBRIDGE_AIRFLOW_PYTHON": str(ROOT / ".venv/airflow/bin/python")}
    stack = {"JETBRIDGE_STACK": "jetbridge"}
    cloud = deployed.cloud.environment(caller)
    return Recorder(COMMAND, environment | cloud | airflow | stack, folder)


@pytest.fixture(scope="module")
def run_id(deployed: Deployed) -> str:
    """A run that has ended well, with lines, cost and a story."""
    run_id = deployed.start(
        run_task=ecs_task("jetbridge-example-report", **REPORT),
        caller={"kind": "person", "name": WHO},
        idempotency_key="recorded",
    )
    deployed.outcome(run_id, 240)
    return run_id


@pytest.fixture(scope="module")
def schedule(
    deployed: Deployed, recorder: Recorder, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    file = tmp_path_factory.mktemp("schedule") / "report.json"
    file.write_text(json.dumps({"run_task": ecs_task("jetbridge-example-report")}))
    made = recorder.in_terminal(
        *("schedules", "create", "recorded", str(file), "--expression=cron(0 3 * * ? *)"),
        *("--timezone=Europe/Berlin", f"--role={deployed.schedule_role()}"),
    )
    assert made.code == 0, made.text
    yield "recorded"
    deleted = recorder.in_terminal("schedules", "delete", "recorded", "--yes")
    assert deleted.code == 0, deleted.text


@pytest.fixture(scope="module")
def kept() -> Iterator[dict[str, str]]:
    """What was recorded; a folder that $JETBRIDGE_RECORDINGS names gets it as a page."""
    recordings: dict[str, str] = {}
    yield recordings
    if folder := os.environ.get("JETBRIDGE_RECORDINGS"):
        written = Path(folder, PAGE.name)
        before = on_page(written.read_text()) if written.exists() else {}
        both = before | recordings
        written.write_text(page({name: both[name] for name in COMMANDS if name in both}))


@dataclass(frozen=True)
class Caller:
    """Calls the commands by their names on the page."""

    recorder: Recorder
    deployed: Deployed
    run_id: str

    @property
    def places(self) -> dict[str, str]:
        cloud = str(self.deployed.cloud.log.parent)
        return {"cloud": cloud, "jetbridge": str(self.recorder.folder)}

    def arguments(self, name: str) -> list[str]:
        known = {RUN: self.run_id, CLOUD: self.places["cloud"]}
        return [known.get(each, each) for each in COMMANDS[name].arguments]

    def of(self, name: str) -> Recorder:
        call = COMMANDS[name]
        folder = ROOT if call.in_repository else self.recorder.folder
        assert folder is not None
        return recorder_of(self.deployed, folder, call.caller)

    def in_terminal(self, name: str) -> Recording:
        call = COMMANDS[name]
        arguments = self.arguments(name)
        return self.of(name).in_terminal(*arguments, answers=call.answers, shell=call.shell)

    def in_pipe(self, name: str, *further: str) -> Recording:
        return self.of(name).in_pipe(*self.arguments(name), *further)


@pytest.fixture(scope="module")
def caller(recorder: Recorder, deployed: Deployed, run_id: str, schedule: str) -> Caller:
    return Caller(recorder, deployed, run_id)


def ends_as_documented(name: str, recording: Recording) -> bool:
    """The doctor's 1 is a finding, and what it finds depends on the tests before this one."""
    return recording.code == COMMANDS[name].code or (name == "doctor" and recording.code == 0)


@pytest.mark.parametrize("name", nightly_but(PUSH_IN_TERMINAL, COMMANDS))
def test_in_a_terminal(name: str, caller: Caller, kept: dict[str, str]) -> None:
    recording = caller.in_terminal(name)
    kept[name] = as_on_page(recording, **caller.places)
    assert ends_as_documented(name, recording), recording.text
    assert "Traceback" not in recording.text
    assert name in QUOTES or "…" not in recording.text
    if name in ("runs", "show", "stop"):
        assert caller.run_id in recording.text, "an id is broken over lines"
    if name == "show":
        backend_id = caller.deployed.outcome(caller.run_id)["backend_id"]
        assert set(re.findall(r"arn:\S+", recording.text)) == {backend_id}
    if name in TABLES:
        shown = on_page(PAGE.read_text())[name]
        assert columns(kept[name]) == columns(shown), "the page is stale"


ALONE = [name for name, call in COMMANDS.items() if not (call.answers or call.shell)]
"""Those that need no person and no shell."""


@pytest.mark.parametrize("name", nightly_but(PUSH, ALONE))
def test_in_a_pipe(name: str, caller: Caller) -> None:
    recording = caller.in_pipe(name)
    assert ends_as_documented(name, recording), recording.errors
    assert "\x1b" not in recording.shown + recording.errors
    assert name in QUOTES or "…" not in recording.shown
    if name.startswith("no such"):
        assert recording.shown == ""
        assert recording.errors
    elif name in ("runs", "show"):
        assert caller.run_id in recording.shown


@pytest.mark.parametrize(
    "name", nightly_but(PUSH, (name for name, call in COMMANDS.items() if call.json))
)
def test_as_json(name: str, caller: Caller) -> None:
    recording = caller.in_pipe(name, "--output=json")
    assert ends_as_documented(name, recording), recording.errors
    texts = recording.shown.splitlines() if name == "logs" else [recording.shown]
    assert texts
    for text in texts:
        json.loads(text)


def test_the_page_has_every_command() -> None:
    shown = on_page(PAGE.read_text())
    assert list(shown) == list(COMMANDS)
    for name, call in COMMANDS.items():
        line = shown[name].splitlines()[0]
        given = [each for each in call.arguments if each not in (RUN, CLOUD)]
        assert [each for each in given if each not in shlex.split(line)] == []


PROMPTS = {
    ("schedules", "delete", "recorded"): "Delete the schedule recorded?",
    ("stop", "--all"): "Stop ",
    ("init", "--overwrite"): "ECS clusters that tasks may run in",
}


@pytest.mark.parametrize("arguments", nightly_but(list(PROMPTS)[:1], PROMPTS))
def test_ctrl_c_at_a_question_changes_nothing(
    arguments: tuple[str, ...], caller: Caller, deployed: Deployed
) -> None:
    sleeper = deployed.task_definition("jetbridge-example-recorded", "test/sleeper:1")
    run_id = deployed.start(run_task=ecs_task(sleeper))
    deployed.wait_running(run_id)
    recording = caller.recorder.in_terminal(*arguments, answers={PROMPTS[arguments]: "\x03"})
    assert recording.code == 130, recording.text
    assert "Traceback" not in recording.text
    assert deployed.sealed(run_id) is None
    assert caller.recorder.in_pipe("schedules", "next", "recorded").code == 0
    assert caller.recorder.in_pipe("stop", run_id).code == 0
    deployed.outcome(run_id, 240)


def run_arguments(definition: str) -> list[str]:
    return [
        "run",
        "--cluster=jetbridge-example",
        f"--task-definition={definition}",
        "--launch-type=FARGATE",
        "--subnet=subnet-0example",
    ]


@pytest.mark.parametrize(
    ("answer", "stopped"), [("y", True), pytest.param("n", False, marks=pytest.mark.nightly)]
)
def test_ctrl_c_asks_whether_to_stop_the_run(
    answer: str, stopped: bool, recorder: Recorder, deployed: Deployed
) -> None:
    definition = deployed.task_definition("jetbridge-example-recorded", "test/sleeper:1")
    recording = recorder.in_terminal(
        *run_arguments(definition),
        answers={"running as": "\x03", "No leaves it running": f"{answer}\n"},
    )
    asked = [each for each in recording.text.splitlines() if each.startswith("Stop run ")]
    assert len(asked) == 1, recording.text
    run_id = asked[0].split()[2].rstrip("?")
    if stopped:
        assert "stopped (stopped_by_user)" in recording.text
        assert deployed.outcome(run_id)["state"] == "stopped"
    else:
        assert recording.code == 130
        assert f"It keeps running: jetbridge watch {run_id}" in recording.text
        assert recorder.in_pipe("stop", run_id).code == 0
        deployed.outcome(run_id, 240)
