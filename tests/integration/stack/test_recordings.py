"""Every command of `jetbridge`, recorded in a terminal of 80 columns and in a pipe, as an operator
on the local cloud with IAM enforced."""

import json
import os
import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from deployed import REPORT, Deployed, ecs_task
from operating import COMMAND, Operator
from recordings import Recorder, Recording, page

RUN = "RUN"
"""In a command line: the id of a run that has ended."""

COMMANDS: dict[str, tuple[tuple[str, ...], int]] = {
    "runs": (("runs", "--since=1h"), 0),
    "show": (("show", RUN), 0),
    "show replay": (("show", "--replay", RUN), 0),
    "logs": (("logs", RUN), 0),
    "watch": (("watch", RUN), 0),
    "cost": (("cost", "--by=task"), 0),
    "schedules list": (("schedules", "list"), 0),
    "schedules next": (("schedules", "next", "recorded", "--count=2"), 0),
    "schedules pause": (("schedules", "pause", "recorded"), 0),
    "schedules resume": (("schedules", "resume", "recorded"), 0),
    "dead-letters list": (("dead-letters", "list"), 0),
    "dead-letters show": (("dead-letters", "show"), 0),
    "doctor": (("doctor",), 1),
    "stop": (("stop", RUN), 0),
    "no such run": (("show", "a" * 20), 1),
    "no such option": (("runs", "--nonsense"), 2),
}
"""By name: the command line, and the exit code that docs/reference/cli.md gives it."""

WITHOUT_STACK = {"--help": 0, "runs --help": 0}

IN_JSON = [
    name
    for name in COMMANDS
    if not name.startswith(("no such", "schedules pause", "schedules res"))
]

PUSH = {"runs", "show", "schedules next", "dead-letters list", "no such run"}
"""Those that a push looks at in a pipe and as JSON; the others differ in their words alone."""

PUSH_IN_TERMINAL = {*PUSH, "logs", "show replay", "stop", "no such option"}

QUOTES = ("doctor", "dead-letters show")
"""Those that show texts of others, which may have an ellipsis of their own."""


def nightly_but(push: Collection[str], names: Iterable[str]) -> list[Any]:
    return [
        name if name in push else pytest.param(name, marks=pytest.mark.nightly) for name in names
    ]


@pytest.fixture(scope="module")
def operator(deployed: Deployed) -> Operator:
    return Operator(deployed)


@pytest.fixture(scope="module")
def recorder(operator: Operator) -> Recorder:
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    cloud = operator.deployed.cloud.environment("operator")
    return Recorder(COMMAND, environment | cloud | {"JETBRIDGE_STACK": "jetbridge"})


@pytest.fixture(scope="module")
def run_id(deployed: Deployed) -> str:
    """A run that has ended well, with lines, cost and a story."""
    run_id = deployed.start(run_task=ecs_task("jetbridge-example-report", **REPORT))
    deployed.outcome(run_id, 90)
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
def kept() -> Iterator[dict[str, Recording]]:
    """What was recorded; a folder that $JETBRIDGE_RECORDINGS names gets it as a page."""
    recordings: dict[str, Recording] = {}
    yield recordings
    if folder := os.environ.get("JETBRIDGE_RECORDINGS"):
        Path(folder, "recordings.md").write_text(page(recordings))


def command_line(name: str, run_id: str) -> tuple[str, ...]:
    return tuple(run_id if each == RUN else each for each in COMMANDS[name][0])


def ends_as_documented(name: str, recording: Recording) -> bool:
    """The doctor's 1 is a finding, and what it finds depends on the tests before this one."""
    return recording.code == COMMANDS[name][1] or (name == "doctor" and recording.code == 0)


@pytest.mark.parametrize("name", nightly_but(PUSH_IN_TERMINAL, COMMANDS))
def test_in_a_terminal(
    name: str,
    recorder: Recorder,
    deployed: Deployed,
    run_id: str,
    schedule: str,
    kept: dict[str, Recording],
) -> None:
    recording = recorder.in_terminal(*command_line(name, run_id))
    kept[name] = recording
    assert ends_as_documented(name, recording), recording.text
    assert "Traceback" not in recording.text
    assert name in QUOTES or "…" not in recording.text
    if name in ("runs", "show", "stop"):
        assert run_id in recording.text, "an id is broken over lines"
    if name == "show":
        backend_id = deployed.outcome(run_id)["backend_id"]
        assert set(re.findall(r"arn:\S+", recording.text)) == {backend_id}


@pytest.mark.parametrize("name", nightly_but(PUSH, COMMANDS))
def test_in_a_pipe(name: str, recorder: Recorder, run_id: str, schedule: str) -> None:
    recording = recorder.in_pipe(*command_line(name, run_id))
    assert ends_as_documented(name, recording), recording.errors
    assert "\x1b" not in recording.shown + recording.errors
    assert name in QUOTES or "…" not in recording.shown
    if name.startswith("no such"):
        assert recording.shown == ""
        assert recording.errors
    elif name in ("runs", "show"):
        assert run_id in recording.shown


@pytest.mark.parametrize("name", nightly_but(PUSH, IN_JSON))
def test_as_json(name: str, recorder: Recorder, run_id: str, schedule: str) -> None:
    recording = recorder.in_pipe(*command_line(name, run_id), "--output=json")
    assert ends_as_documented(name, recording), recording.errors
    texts = recording.shown.splitlines() if name == "logs" else [recording.shown]
    assert texts
    for text in texts:
        json.loads(text)


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
        assert f"It goes on: jetbridge watch {run_id}" in recording.text
        assert recorder.in_pipe("stop", run_id).code == 0
        deployed.outcome(run_id, 60)
