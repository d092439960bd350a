"""finish_run: secrets in lines, results, reasons and deaths; hostile lines of many containers."""

import json
import time
from typing import Any

import pytest
from jetbridge_testing.clock import Clock
from jetbridge_testing.logs import MemoryLogs
from jetbridge_testing.memory import MemoryBus, MemoryOutcomes, MemoryQueue, MemoryRuns
from jetbridge_testing.samples import DEFINITIONS, REGION, ended_run
from msgspec.structs import replace

from jetbridge.contract import Cause, Death, Outcome, State, StopCause, encode
from jetbridge.contract.lines import RESULT_MARKER
from jetbridge.outcomes.finish import RESULT_BYTES, Finish
from jetbridge.runs.reports import ContainerEnd, LogName
from jetbridge.runs.run import Run, Stop
from jetbridge.secrets import lines as masking
from jetbridge.secrets.encoded import LEVELS
from jetbridge.secrets.forms import MASK

STOPPED_AT = 1_772_323_324.713
MAIN = "report/main/478f3a4c51824ad23cb50c1c60670c0f"
SECRET_LINES = [
    '{"AccessKeyId":"ASIAQWERTYUIOP123456","SecretAccessKey":"wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLE'
    'KEY","Token":"IQoJb3JpZ2lu"}',
    "PGPASSWORD=hunter2 psql",
    '{"dbPassword":"hunter2"}',
    'password=["hunter2"]',
    r"-----BEGIN PRIVATE KEY-----\nMIIEhunter2\n-----END PRIVATE KEY-----",
]
SECRETS = ("ASIAQW", "wJalr", "IQoJ", "hunter2")
HOSTILE = [
    "eyJ-",
    '\\"password\\": ',
    "a=b; token=",
    "x://u:p@h ",
    "-----BEGIN RSA PRIVATE KEY-----",
]
CONTAINERS = 10
RUNS = 5
LINES = 300
LINE = 8_000


def _finished(run: Run, streams: dict[str, list[str]]) -> Outcome:
    clock = Clock(STOPPED_AT + 11)
    runs = MemoryRuns(900, clock)
    runs.create(run)
    queues = MemoryQueue(), MemoryQueue()
    finish = Finish(
        runs, MemoryOutcomes(), MemoryLogs(streams), *queues, MemoryBus(), REGION, 5, clock=clock
    )
    outcome = finish(run.run_id)
    assert outcome is not None
    return outcome


def _hides(value: object) -> bool:
    return MASK in encode(value) and not any(secret in encode(value) for secret in SECRETS)


def test_secrets_in_last_lines() -> None:
    outcome = _finished(ended_run("ecs_stopped_exit_3"), {MAIN: SECRET_LINES})
    assert len(outcome.last_lines) == len(SECRET_LINES)
    assert all(_hides(line) for line in outcome.last_lines)


@pytest.mark.parametrize("line", SECRET_LINES)
@pytest.mark.parametrize("inside", [False, True])
def test_secrets_in_the_result(line: str, inside: bool) -> None:
    result = {"said": [line]} if inside else line
    outcome = _finished(
        ended_run("ecs_stopped_exit_0"), {MAIN: [f"{RESULT_MARKER} {json.dumps(result)}"]}
    )
    assert _hides(outcome.result)
    assert "of the container's result looked like a secret" in outcome.advice


def test_a_result_without_secrets_stays_and_has_no_advice() -> None:
    outcome = _finished(ended_run("ecs_stopped_exit_0"), {MAIN: [f'{RESULT_MARKER} {{"rows": 7}}']})
    assert (outcome.result, outcome.advice) == ({"rows": 7}, "")


def test_secrets_in_reasons_and_deaths() -> None:
    reason = "could not connect to postgres://ana:hunter2@db/sales"
    death = Death(
        launch=1, cause=Cause.CAPACITY, reason=f"token=hunter2 {reason}", backend_id=None, at=1
    )
    run = ended_run("ecs_stopped_exit_3")
    assert run.ending is not None
    ending = replace(run.ending, reason=reason, containers=[])
    outcome = _finished(replace(run, ending=ending, deaths=[death]), {})
    assert _hides(outcome.reason)
    assert _hides(outcome.deaths[0].reason)
    assert outcome.deaths[0].launch == 1


def test_a_secret_of_who_asked_for_the_stop() -> None:
    stop = Stop(cause=StopCause.STOPPED_BY_USER, reason="x", by="ana token=hunter2")
    outcome = _finished(ended_run("ecs_stopped_by_user", stop=stop), {})
    assert outcome.state is State.STOPPED
    assert outcome.stopped_by == "ana token=***"


def test_a_masked_result_still_fits() -> None:
    """Masks may be longer than what they hide."""
    result = [{"token": "a"}] * (RESULT_BYTES // 14)
    outcome = _finished(
        ended_run("ecs_stopped_exit_0"),
        {MAIN: [f"{RESULT_MARKER} {json.dumps(result)}", "x" * 999_999]},
    )
    assert len(encode(outcome).encode()) < 256 * 1024


def _many(line: str) -> tuple[Run, dict[str, list[str]]]:
    """A run of ten containers, all lines of which are this one."""
    names = [f"c{n}" for n in range(CONTAINERS)]
    run = ended_run("ecs_stopped_exit_3")
    assert run.ending is not None
    assert run.definition is not None
    source = run.definition.log_sources[0]
    sources = [replace(source, container=name) for name in names]
    ending = replace(
        run.ending,
        containers=[ContainerEnd(name=name, exit_code=3) for name in names],
        log_names=[LogName(container=name, name=run.ending.log_names[0].name) for name in names],
    )
    definition = replace(DEFINITIONS["ecs"], log_sources=sources)
    text = (line * LINE)[:LINE]
    task = MAIN.rpartition("/")[2]
    streams = {f"report/{name}/{task}": [text] * LINES for name in names}
    request = replace(run.request, tail_lines=100)
    return replace(run, definition=definition, ending=ending, request=request), streams


def _seconds(line: str) -> float:
    run, streams = _many(line)
    start = time.process_time()
    for n in range(RUNS):
        outcome = _finished(replace(run, run_id=f"{run.run_id}{n}"), streams)
    assert len(outcome.log_streams) == CONTAINERS
    return time.process_time() - start


@pytest.mark.parametrize("line", HOSTILE)
def test_five_runs_with_only_hostile_lines_are_sealed_in_time(line: str) -> None:
    """A batch of the finish queue: a function of 256 MB has a seventh of a processor and 30 s."""
    ordinary = min(_seconds("INFO loaded 7 rows of orders in 1.5 s. ") for _ in range(2))
    assert _seconds(line) < 15 * max(ordinary, 0.02)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many characters were masked, line by line, with those of decoded words."""
    found: list[int] = []
    whole = masking._line

    def counting(line: str, named: Any, levels: int) -> str:
        found.append(len(line))
        return whole(line, named, levels)

    monkeypatch.setattr(masking, "_line", counting)
    return found


def test_the_characters_that_are_masked_are_bounded(counted: list[int]) -> None:
    run, streams = _many("eyJ-")
    _finished(run, streams)
    assert 0 < sum(counted) < (1 + LEVELS) * masking.TOTAL_CHARACTERS + 2_000
