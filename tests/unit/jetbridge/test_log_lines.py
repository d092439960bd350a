"""Each line of each function has the keys run_id, launch and caller."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from jetbridge_testing.cloud import FUNCTIONS, Cloud, call, serving
from jetbridge_testing.notices import outcome_of
from jetbridge_testing.samples import ended_run, launched_run, new_run, sample
from msgspec.structs import replace

from jetbridge.runs.run import Run
from jetbridge.wiring import relay_logs
from jetbridge.wiring.log_keys import RunKeys
from jetbridge.wiring.telemetry import logger


@pytest.fixture
def cloud(aws: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    yield from serving(monkeypatch)


CALLER = new_run().caller.key


def _launched(cloud: Cloud) -> None:
    run = launched_run()
    cloud.runs.create(run)


def _ended(cloud: Cloud) -> Run:
    run = ended_run("ecs_stopped_exit_0")
    cloud.runs.create(run)
    return run


def _noticed(cloud: Cloud) -> None:
    run = _ended(cloud)
    cloud.outcomes.seal(outcome_of(run))


def _streaming(cloud: Cloud) -> None:
    relay_logs.memory.cache_clear()
    _launched(cloud)
    call("launch_run", sample("launch_run/message"))


def _first_record(name: str) -> dict[str, Any]:
    message = sample(name)
    del message["Records"][1:]
    return message


@dataclass(frozen=True)
class Scene:
    """What a function is called with, after what, and the message of its line about the run."""

    before: Callable[[Cloud], object]
    event: Callable[[], dict[str, Any]]
    line: str


SCENES = {
    "start_run": Scene(lambda cloud: None, lambda: sample("start_run/airflow_ecs"), "run accepted"),
    "launch_run": Scene(
        lambda cloud: cloud.runs.create(new_run()), lambda: sample("launch_run/message"), "launch"
    ),
    "track_run": Scene(_launched, lambda: _first_record("track_run/messages"), "state change"),
    "finish_run": Scene(_ended, lambda: sample("finish_run/message"), "run finished"),
    "notify_airflow": Scene(
        _noticed, lambda: sample("notify_airflow/message"), "Airflow is notified"
    ),
    "copy_logs": Scene(_ended, lambda: sample("copy_logs/message"), "log copied"),
    "relay_logs": Scene(_streaming, lambda: sample("relay_logs/lines"), "lines relayed"),
    "stop_run": Scene(_launched, lambda: sample("stop_run/request"), "stop asked for"),
    "watch_runs": Scene(
        lambda cloud: cloud.runs.create(new_run()),
        lambda: {"run_ids": [new_run().run_id]},
        "run watched",
    ),
}


def test_every_function_that_is_about_a_run_has_a_scene() -> None:
    assert SCENES.keys() == set(FUNCTIONS) - {"sweep_runs"}


@pytest.mark.parametrize("function", SCENES)
def test_the_keys_of_a_run(cloud: Cloud, caplog: pytest.LogCaptureFixture, function: str) -> None:
    scene = SCENES[function]
    scene.before(cloud)
    caplog.clear()
    with caplog.at_level("DEBUG", logger=logger.name):
        call(function, scene.event())
    lines = [vars(record) for record in caplog.records if record.name == logger.name]
    about = {(line["run_id"], line["launch"], line["caller"]) for line in lines}
    assert scene.line in {line["message"] for line in lines}
    run_id = new_run().run_id
    assert (run_id, 1, CALLER) in about
    assert all(key == (run_id, 1, CALLER) for key in about if key[0] == run_id)


def test_lines_about_many_runs_have_the_keys_empty(
    cloud: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    cloud.runs.create(launched_run(request=replace(new_run().request, timeout_seconds=1)))
    with caplog.at_level("INFO", logger=logger.name):
        call("sweep_runs", sample("sweep_runs/schedule"))
    [swept] = [vars(each) for each in caplog.records if each.message == "swept"]
    assert (swept["run_id"], swept["launch"], swept["caller"]) == ("", 0, "")


def test_a_broken_message_is_about_no_run(cloud: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever the message before it was about."""
    _ended(cloud)
    message = sample("finish_run/message")
    broken = message["Records"][0] | {"messageId": "2", "body": "no JSON"}
    message["Records"].append(broken)
    call("finish_run", message)
    [line] = [vars(each) for each in caplog.records if each.message == "message given up"]
    assert line["run_id"] == ""


PROGRAM = """
from jetbridge.wiring.telemetry import logger, run_keys
logger.info("first")
run_keys.begin("mzxw6ytboi4dgmrtgq2t", 2)
logger.info("second")
logger.warning("third", run_id="other")
logger.error("fourth", extra={"run_id": "other", "launch": 7})
"""


def test_they_are_in_the_lines_as_they_are_written() -> None:
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM],
        env=dict(os.environ) | {"POWERTOOLS_LOG_LEVEL": "INFO"},
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [(line["run_id"], line["launch"], line["caller"]) for line in lines] == [
        ("", 0, ""),
        ("mzxw6ytboi4dgmrtgq2t", 2, ""),
        ("other", 0, ""),
        ("other", 7, ""),
    ]


STEP = some.one_of(
    some.tuples(some.just("begin"), some.sampled_from("abc"), some.integers(1, 9)),
    some.tuples(some.just("note"), some.sampled_from("abc"), some.integers(1, 9)),
)


@given(some.lists(STEP, max_size=30))
def test_a_line_is_never_about_another_run_than_its_message(
    steps: list[tuple[str, str, int]],
) -> None:
    keys = RunKeys()
    rows: dict[str, int] = {}
    named, touched = "", set[str]()
    for step, run_id, launch in steps:
        if step == "begin":
            keys.begin(run_id, launch)
            named, touched = run_id, set()
            rows.setdefault(run_id, launch)
        else:
            keys.note(replace(new_run(), run_id=run_id, launch=launch))
            touched.add(run_id)
            rows[run_id] = launch
        line = _line(keys)
        assert line["run_id"] == (named or (run_id if len(touched) == 1 else ""))
        assert line["launch"] == rows.get(line["run_id"], 0)


def _line(keys: RunKeys) -> Mapping[str, Any]:
    record = logging.makeLogRecord({"name": logger.name, "msg": "line"})
    assert keys.filter(record)
    return vars(record)
