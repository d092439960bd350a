"""What ``jetbridge run`` makes of its file and flags."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from operated import failed, outcome_of, run_of

from jetbridge.contract import StartRequest
from jetbridge_cli.operate.following import container_exit_code, exit_code_of
from jetbridge_cli.operate.requests import request_of
from jetbridge_cli.operate.times import moment_of
from jetbridge_cli.problems import Problem


def made(content: Any = None, flags: dict[str, str] | None = None, **given: Any) -> StartRequest:
    known: dict[str, Any] = {
        "subnets": [],
        "security_groups": [],
        "public_ip": False,
        "container": None,
        "environment": [],
        "command": [],
        "timeout_seconds": None,
        "by": "ada",
        "key": "k",
    }
    file = None
    if content is not None:
        file = Path(given.pop("folder")) / "request.json"
        file.write_text(content if isinstance(content, str) else json.dumps(content))
    return request_of(file, flags or {}, **known | given)


def test_flags_make_a_task() -> None:
    request = made(
        flags={"taskDefinition": "report", "cluster": "etl"},
        subnets=["subnet-1"],
        public_ip=True,
        container="main",
        environment=["A=1", "B=x=y"],
        command=["python", "main.py"],
        timeout_seconds=60,
    )
    assert request.run_task == {
        "taskDefinition": "report",
        "cluster": "etl",
        "networkConfiguration": {
            "awsvpcConfiguration": {"subnets": ["subnet-1"], "assignPublicIp": "ENABLED"}
        },
        "overrides": {
            "containerOverrides": [
                {
                    "name": "main",
                    "environment": [{"name": "A", "value": "1"}, {"name": "B", "value": "x=y"}],
                    "command": ["python", "main.py"],
                }
            ]
        },
    }
    assert (request.timeout_seconds, request.key) == (60, "person-key/k")


def test_flags_win_over_the_file_and_variables_are_added(tmp_path: Path) -> None:
    overrides = {"environment": [{"name": "A", "value": "1"}], "vcpus": 2}
    job = {"jobQueue": "slow", "jobDefinition": "load", "containerOverrides": overrides}
    request = made(job, {"jobQueue": "fast"}, folder=tmp_path, environment=["B=2"])
    assert request.submit_job == {
        "jobName": "run",
        "jobQueue": "fast",
        "jobDefinition": "load",
        "containerOverrides": {
            "environment": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
            "vcpus": 2,
        },
    }


def test_a_whole_start_request_is_taken_as_it_is(tmp_path: Path) -> None:
    whole = {
        "run_task": {"cluster": "etl", "taskDefinition": "t"},
        "caller": {"kind": "person", "name": "grace"},
        "idempotency_key": "mine",
        "tail_lines": 5,
    }
    request = made(whole, folder=tmp_path)
    assert (request.idempotency_key, request.tail_lines) == ("mine", 5)


@pytest.mark.parametrize(
    ("content", "flags", "given", "says"),
    [
        (None, {}, {}, "nothing says what to run"),
        ("{", {}, {}, "it isn't JSON"),
        ([1], {}, {}, "it isn't a JSON object"),
        (None, {"taskDefinition": "t", "jobQueue": "q"}, {}, "jobQueue isn't a parameter"),
        (None, {"taskDefinition": "t"}, {"environment": ["A"]}, "--env: 'A' is not NAME=VALUE"),
        (
            None,
            {"taskDefinition": "t"},
            {"environment": ["A=1"]},
            "--container: name the container",
        ),
        (None, {"taskDefinition": "t"}, {"public_ip": True}, "--subnet: name one at least"),
        (None, {"jobDefinition": "d"}, {"subnets": ["s"]}, "are only for RunTask"),
        ({"run_task": {"cluster": "c"}, "tail_lines": "5"}, {}, {}, "tail_lines"),
    ],
)
def test_bad_input_is_named(
    tmp_path: Path, content: Any, flags: dict[str, str], given: dict[str, Any], says: str
) -> None:
    with pytest.raises(Problem, match=says):
        made(content, flags, folder=tmp_path, **given) if content else made(None, flags, **given)


@given(st.integers(0, 10**9 - 1), st.sampled_from("smhdw"), st.integers(0, 10**10))
def test_so_long_ago(number: int, unit: str, now: int) -> None:
    seconds = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}[unit]
    assert moment_of("--since", f"{number}{unit}", now) == now - number * seconds


@given(st.datetimes())
def test_moments_are_utc_unless_they_say_otherwise(moment: datetime) -> None:
    text = moment.isoformat()
    assert moment_of("--since", text) == moment_of("--since", f"{text}+00:00")


def test_exit_codes() -> None:
    good = outcome_of(run_of("k"))
    assert (exit_code_of(good), container_exit_code(good)) == (0, 0)
    bad = failed(good)
    assert (exit_code_of(bad), container_exit_code(bad)) == (4, 3)
    sidecar = outcome_of(run_of("k"), exit_codes={"main": 0, "proxy": 143}, deciding=["main"])
    assert container_exit_code(sidecar) == 0
    assert container_exit_code(outcome_of(run_of("k"), exit_codes={})) is None
