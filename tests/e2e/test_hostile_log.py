"""A container as an attacker of Airflow's page: its lines in a real browser.

Airflow shows every file that is beside a try's log and begins with its name, so no cloud is
needed. $AIRFLOW_PYTHON names another version's interpreter.
"""

import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from airflow_pages import WholeLog, window

from jetbridge_local.airflow import LocalAirflow
from jetbridge_local.site.paths import in_repository

PATHS = in_repository()
DAGS = Path(__file__).parent / "hostile"
TALL = 12_000
# The task's own line.
OWN = "logged by the task"
WHERE = "stream s of the log group g in eu-central-1"
IDENTITY = dict.fromkeys(("ti_id", "dag_id", "task_id", "run_id", "try_number"), "forged")


def line(**members: object) -> str:
    return json.dumps({"level": "info", "msg": "structured", **members})


# What a container prints, and a part of what the page then shows of it.
HOSTILE: list[tuple[str, str]] = [
    ("::group::Post Execute", r":\:group::Post Execute"),
    ("a ::endgroup:: ::group::group::", r"a :\:endgroup:: :\:group:\:group::"),
    (line(**{"::group::": "::endgroup::"}), r":\:group::="),
    (line(deep=[{"a": "::group::x"}]), r":\\:group::x"),
    (line(level="error", error_detail="403 from the bucket"), "container_error_detail="),
    (line(error_detail={"a": 1}), "container_error_detail="),
    (line(error_detail=[{"exc_type": "E", "exc_value": "v"}]), "container_error_detail="),
    (line(**IDENTITY, map_index=7), "container_run_id="),
    (line(filename="airflow/a.py", lineno=7, chan="stdout", loc="x"), "container_filename="),
    (line(logger="airflow.task", source="airflow.task", timestamp=0), "container_source="),
    (line(level="airflow"), "container_level="),
    (line(__proto__={"event": 7}, constructor=1, toString=2, hasOwnProperty=3), "constructor="),
    (line(id=18446744073709551615), "18446744073709551615"),
    (f'{{"level": "info", "msg": "deep", "a": {"[" * 300 + "]" * 300}}}', "[[[["),
    ('{"level": "info", "msg": "infinite", "a": 1e999}', "1e999"),
    ("\x1b[2J\x1b[H\x1b]8;;javascript:alert(1)\x07link\x1b]8;;\x07", "␛[2J␛[H␛]8;;javascript"),
    ("10 %\r\x08\x08100 %", "10 %␍␈␈100 %"),
    ("user\u202e\u2066gpj.exe\u200b\ufeff\u2028\x00\x85", "user<U+202E><U+2066>gpj.exe<U+200B>"),
    ("half \ud83d", "half <U+D83D>"),
    ("x\n[2026-01-01, 00:00:00] ERROR - source=airflow.task Marked as failed", "    [2026-01-01"),
    ('<img src=x onerror="document.title=1"><script>document.title=2</script>', "<img src=x"),
    ("word " * 200_000, f"the whole line is in {WHERE})"),
]
WRITE = f"""
import json, sys
from jetbridge.contract.lines import Line
from jetbridge.logs.airflow_lines import airflow_line
for at, message in json.load(sys.stdin):
    written = airflow_line(Line(at, message), "container.main", 0, {WHERE!r})
    sys.stdout.buffer.write(written + b"\\n")
"""


def printed(messages: list[str]) -> list[tuple[int, str]]:
    began = int(time.time() * 1000)
    return [(began + number, message) for number, message in enumerate(messages)]


@pytest.fixture(scope="module")
def python() -> Path:
    return Path(os.environ.get("AIRFLOW_PYTHON", PATHS.python("airflow")))


@pytest.fixture(scope="module")
def airflow(
    browser: str, python: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LocalAirflow]:
    home = tmp_path_factory.mktemp("hostile") / "airflow"
    templates = DAGS.parents[2] / ".local/airflow-templates"
    with LocalAirflow(home, DAGS, python, templates=templates) as airflow:
        yield airflow


@pytest.fixture(scope="module")
def run_id(airflow: LocalAirflow) -> str:
    with airflow.client() as client:
        client.wait_for_dag("hostile")
        run = client.trigger("hostile")
        assert client.wait_for_dag_run("hostile", run.run_id, 120).state == "success"
        return run.run_id


def log_of(airflow: LocalAirflow, task_id: str) -> Path:
    [found] = airflow.home.glob(f"**/task_id={task_id}/attempt=1.log")
    return found


def add(airflow: LocalAirflow, task_id: str, content: bytes) -> None:
    log = log_of(airflow, task_id)
    log.with_name(f"{log.name}.jetbridge.1.main.1.log").write_bytes(content)


def test_the_page_shows_hostile_lines_as_the_containers_and_those_beside_them(
    airflow: LocalAirflow, run_id: str, browser: str, python: Path
) -> None:
    messages = []
    for number, (message, _) in enumerate(HOSTILE):
        messages += [message, f"healthy {number:02}."]
    lines = printed(["healthy first.", *messages])
    writing = subprocess.run(
        [python, "-c", WRITE], input=json.dumps(lines).encode(), capture_output=True, check=True
    )
    add(airflow, "cleaned", writing.stdout)
    own = log_of(airflow, "cleaned").read_text()
    with window(browser, TALL) as page:
        log = WholeLog(page)
        log.open(airflow.url, "hostile", run_id, "cleaned", 1)
        texts = log.texts("healthy first.", f"healthy {len(HOSTILE) - 1:02}.")
        assert not log.says("Unable to show logs")
        assert log.groups() == 1 + own.count('"::group::')
        assert log.links("javascript:") == 0
        assert page.title() not in ("1", "2")
        assert "forged" not in "".join(log.identity())
    shown = texts[1::2]
    assert [text for text in texts[0::2] if " - healthy " not in text] == []
    for text, (message, part) in zip(shown, HOSTILE, strict=True):
        assert part in text, (message[:100], text[:400])
        assert re.match(r"\d+\s*\[[\d:, -]+\] (INFO|ERROR) - ", text), text[:100]


def test_the_page_without_that_care_would_break(
    airflow: LocalAirflow, run_id: str, browser: str
) -> None:
    """What the test above would see if such a line came to the page as it is: nothing of the try,
    or an error in place of the page."""
    raw = {"timestamp": "2026-03-01T00:00:29.007Z", "event": "x", "error_detail": "403"}
    with window(browser) as page:
        log = WholeLog(page)
        log.open(airflow.url, "hostile", run_id, "raw", 1)
        log.expect_shown(OWN)
        add(airflow, "raw", json.dumps(raw).encode() + b"\n")
        log.open(airflow.url, "hostile", run_id, "raw", 1)
        log.settle()
        assert not log.says(OWN)
